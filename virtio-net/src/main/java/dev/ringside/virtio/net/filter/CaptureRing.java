package dev.ringside.virtio.net.filter;

import dev.ringside.virtio.net.frame.Frame;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Captured frames on their way from shards to a writer: many producers, one consumer, no lock. A
 * producer that finds no room counts a drop and goes on; one that has claimed room commits it or
 * gives it up, and the consumer waits at the first claim that is neither.
 *
 * <p>A record is a header of 24 bytes and the captured bytes, padded to a multiple of 8: its own
 * length (0: not committed; negative: skip so much), direction, time in ns, length of the frame,
 * captured bytes.
 */
final class CaptureRing {
    /** Where in a record its fields are. */
    static final int DIRECTION = 4;

    static final int TIME = 8;
    static final int FRAME_BYTES = 16;
    static final int CAPTURED_BYTES = 20;
    static final int HEADER_BYTES = 24;

    private static final int ALIGNMENT = 8;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment memory;
    private final int size;
    private final int snapBytes;
    private final long timeOffsetNs;
    private final AtomicLong tail = new AtomicLong();
    private final AtomicLong head = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();

    /**
     * An empty ring.
     *
     * @param sizeBytes a power of two, at least twice as much as the largest record
     * @param snapBytes most bytes of a frame to keep
     * @param timeOffsetNs from a shard's clock to the time since 1970
     */
    CaptureRing(int sizeBytes, int snapBytes, long timeOffsetNs) {
        size = sizeBytes;
        this.timeOffsetNs = timeOffsetNs;
        this.snapBytes = snapBytes;
        // Freed when the last shard that may still write here has forgotten it.
        memory = Arena.ofAuto().allocate(sizeBytes, ALIGNMENT);
    }

    /**
     * Copies a frame. Producers.
     *
     * @param clockNs by the shard's clock
     * @return what to {@link #commit} or {@link #giveUp}; -1: no room
     */
    long copy(Frame frame, int direction, long clockNs) {
        int length = frame.length();
        int captured = Math.min(length, snapBytes);
        long at = claim(recordBytes(captured));
        if (at < 0) {
            return -1;
        }
        int offset = index(at);
        memory.set(ValueLayout.JAVA_INT, offset + DIRECTION, direction);
        memory.set(ValueLayout.JAVA_LONG, offset + TIME, clockNs + timeOffsetNs);
        memory.set(ValueLayout.JAVA_INT, offset + FRAME_BYTES, length);
        memory.set(ValueLayout.JAVA_INT, offset + CAPTURED_BYTES, captured);
        frame.copyTo(0, memory, offset + HEADER_BYTES, captured);
        return at;
    }

    /** Room for so many bytes in one piece; what is left before the ring's end is skipped. */
    private long claim(int bytes) {
        while (true) {
            long at = tail.get();
            int toEnd = size - index(at);
            int skip = toEnd < bytes ? toEnd : 0;
            if (at + skip + bytes - head.get() > size) {
                return -1;
            }
            if (tail.compareAndSet(at, at + skip + bytes)) {
                if (skip > 0) {
                    publish(at, -skip);
                }
                return at + skip;
            }
        }
    }

    private void publish(long at, int length) {
        INT.setRelease(memory, (long) index(at), length);
    }

    private int recordBytes(long at) {
        return recordBytes(memory.get(ValueLayout.JAVA_INT, index(at) + CAPTURED_BYTES));
    }

    private static int recordBytes(int captured) {
        return (HEADER_BYTES + captured + ALIGNMENT - 1) & -ALIGNMENT;
    }

    private int index(long at) {
        return (int) (at & (size - 1));
    }

    /** The frame passed. Producers. */
    void commit(long at) {
        publish(at, recordBytes(at));
    }

    /** The frame did not pass: the record is left out. Producers. */
    void giveUp(long at) {
        publish(at, -recordBytes(at));
    }

    /** A frame passed that found no room here. Producers. */
    void countDrop() {
        dropped.incrementAndGet();
    }

    /** How many found no room. Any thread. */
    long dropped() {
        return dropped.get();
    }

    /** The ring's memory: records never wrap. Consumer. */
    MemorySegment memory() {
        return memory;
    }

    /**
     * The next record. Consumer.
     *
     * @return its offset in {@link #memory}; -1: none is committed
     */
    int next() {
        while (true) {
            long at = head.get();
            int offset = index(at);
            int length = (int) INT.getAcquire(memory, (long) offset);
            if (length > 0) {
                return offset;
            }
            if (length == 0) {
                return -1;
            }
            free(at, offset, -length);
        }
    }

    /** The record that {@link #next} gave was used. Consumer. */
    void release(int offset) {
        free(head.get(), offset, memory.get(ValueLayout.JAVA_INT, offset));
    }

    private void free(long at, int offset, int length) {
        // Where the next records' lengths will be must be 0 before anybody can claim it.
        memory.asSlice(offset, length).fill((byte) 0);
        head.setRelease(at + length);
    }
}
