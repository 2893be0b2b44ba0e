package dev.ringside.virtio.net;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.Doorbell;
import dev.ringside.virtqueue.device.ShardContext;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The transmitted frames of one queue that somebody keeps: their chains are completed when they
 * come back. A bounded pool; everything but {@link #released} is confined to the queue's shard.
 */
final class HeldFrames implements FrameKeeper {
    /** Most frames of one queue that can be held at a time. */
    static final int MOST = 512;

    /** Longest list of extents that is kept: a guest must not make the pool grow. */
    private static final int MOST_EXTENTS = 64;

    private final Virtqueue queue;
    private final Doorbell doorbell;
    private final Thread owner = Thread.currentThread();
    private final Frame[] free;
    private final MpscVarHandleArrayQueue<Frame> returned;
    private final short[] holdsOfHead;
    private int freeCount;

    /** The chain that the frame is in which can be held now. */
    private int current;

    HeldFrames(Virtqueue queue, ShardContext shard) {
        this.queue = queue;
        doorbell = shard.doorbell();
        freeCount = Math.min(queue.size(), MOST);
        free = new Frame[freeCount];
        for (int i = 0; i < freeCount; i++) {
            free[i] = new Frame(this, MOST_EXTENTS);
        }
        returned = new MpscVarHandleArrayQueue<>(Math.max(2, freeCount));
        holdsOfHead = new short[queue.size()];
    }

    @Override
    public @Nullable Frame hold(Frame frame) {
        if (freeCount == 0 || frame.extents() > MOST_EXTENTS) {
            return null;
        }
        Frame held = free[--freeCount];
        held.viewOf(frame);
        held.beginHold(current);
        holdsOfHead[current]++;
        return held;
    }

    @Override
    public void released(Frame held) {
        // There is room for every frame of the pool.
        returned.offer(held);
        if (Thread.currentThread() != owner) {
            doorbell.ring();
        }
    }

    /** The frame that may be held next is in this chain. */
    void setCurrent(int head) {
        current = head;
    }

    /** Whether a chain is held. */
    boolean holds(int head) {
        return holdsOfHead[head] != 0;
    }

    /** Whether any frame is held. */
    boolean isEmpty() {
        return freeCount == free.length;
    }

    /** Whether a frame came back. Shard. */
    boolean hasReturned() {
        return freeCount < free.length && !returned.isEmpty();
    }

    /** Completes the chains of frames that came back. */
    void settle() {
        if (freeCount == free.length) {
            return;
        }
        Frame held;
        while ((held = returned.relaxedPoll()) != null) {
            int head = held.token();
            free[freeCount++] = held;
            if (--holdsOfHead[head] == 0) {
                queue.complete(head, 0);
            }
        }
    }

    /** Lets go of guest memory. Nothing is held. */
    void forget() {
        for (Frame frame : free) {
            frame.forget();
        }
    }
}
