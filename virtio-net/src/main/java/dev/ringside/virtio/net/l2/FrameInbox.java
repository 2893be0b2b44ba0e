package dev.ringside.virtio.net.l2;

import dev.ringside.virtio.net.frame.Frame;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue of held frames from any thread to one owner, each with a note and a time. Nothing
 * waits and nothing is allocated.
 *
 * <p>Each place has a turn: {@code n} when the n-th frame may be put there, {@code n + 1} when it
 * lies there. Who offers claims {@code n} first, so a frame may be claimed and not there yet: it is
 * not empty then ({@link #idle()}), but there is nothing to take.
 */
public final class FrameInbox {
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final long CLOSED = Long.MIN_VALUE;

    /** Keeps what those who offer write off the cache lines of what the owner writes. */
    private static final int PADDING = 16;

    private final int mask;
    private final @Nullable Frame[] frames;
    private final long[] notes;
    private final long[] times;
    private final long[] turns;
    private final long[] tail = new long[2 * PADDING];
    private long head;

    /**
     * An empty one.
     *
     * @param size how many frames it has room for, a power of two
     */
    public FrameInbox(int size) {
        if (Integer.bitCount(size) != 1) {
            throw new IllegalArgumentException("an inbox of " + size + ": must be a power of two");
        }
        mask = size - 1;
        frames = new Frame[size];
        notes = new long[size];
        times = new long[size];
        turns = new long[size];
        for (int i = 0; i < size; i++) {
            turns[i] = i;
        }
        VarHandle.releaseFence();
    }

    /**
     * Puts a frame behind the others. Any thread. What was written before is seen by who takes it.
     *
     * @return false when there is no room, or it is closed
     */
    public boolean offer(Frame frame, long note, long timeNs) {
        long at = (long) LONGS.getVolatile(tail, PADDING);
        while (true) {
            if (at < 0) {
                return false;
            }
            long turn = (long) LONGS.getAcquire(turns, (int) at & mask);
            if (turn == at) {
                long seen = (long) LONGS.compareAndExchange(tail, PADDING, at, at + 1);
                if (seen == at) {
                    break;
                }
                at = seen;
            } else if (turn < at) {
                return false;
            } else {
                at = (long) LONGS.getVolatile(tail, PADDING);
            }
        }
        int place = (int) at & mask;
        frames[place] = frame;
        notes[place] = note;
        times[place] = timeNs;
        LONGS.setRelease(turns, place, at + 1);
        return true;
    }

    /** Whether a frame can be taken. Owner. */
    public boolean hasNext() {
        return (long) LONGS.getAcquire(turns, (int) head & mask) == head + 1;
    }

    /** Whether nobody has put anything here that was not taken. Owner. */
    public boolean idle() {
        return ((long) LONGS.getVolatile(tail, PADDING) & ~CLOSED) == head;
    }

    /** The frame that is next; {@link #hasNext()} holds. Owner. */
    public Frame next() {
        return Objects.requireNonNull(frames[(int) head & mask]);
    }

    /** The note of {@link #next()}. Owner. */
    public long note() {
        return notes[(int) head & mask];
    }

    /** The time of {@link #next()}. Owner. */
    public long timeNs() {
        return times[(int) head & mask];
    }

    /** Takes {@link #next()} out. Owner. */
    public void remove() {
        int place = (int) head & mask;
        frames[place] = null;
        LONGS.setRelease(turns, place, head + mask + 1);
        head++;
    }

    /**
     * Takes in nothing more. What was claimed before still comes: the owner takes it out until
     * {@link #idle()}. Owner.
     */
    public void close() {
        LONGS.getAndBitwiseOr(tail, PADDING, CLOSED);
    }
}
