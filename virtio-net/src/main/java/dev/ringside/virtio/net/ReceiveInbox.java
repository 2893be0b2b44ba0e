package dev.ringside.virtio.net;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtqueue.device.Doorbell;
import org.jctools.queues.varhandle.MpmcVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Frames that other pairs' workers, on whatever shards, hand to a pair because its receiveq is
 * where they belong. Bounded. While it is shut nothing stays in it: so a queue that stops holds up
 * nobody.
 */
final class ReceiveInbox {
    private static final int CAPACITY = 256;

    /** Not for one consumer only: who hands something to an inbox that is being shut empties it. */
    private final MpmcVarHandleArrayQueue<Frame> frames = new MpmcVarHandleArrayQueue<>(CAPACITY);

    private volatile @Nullable Doorbell openFor;

    /**
     * The oldest, taken out already: nobody but the owner can release what the owner reads, also
     * when an inbox was opened again before a late producer empties it.
     */
    private @Nullable Frame current;

    /**
     * Hands over a held frame. Any thread.
     *
     * @return false when there is no room: the reference is still the caller's
     */
    boolean offer(Frame held) {
        Doorbell owner = openFor;
        if (owner == null || !frames.offer(held)) {
            return false;
        }
        if (openFor == null) {
            releaseWaiting();
        } else {
            owner.ring();
        }
        return true;
    }

    /** Opens it; only its owner looks into it from now on. */
    void open(Doorbell owner) {
        openFor = owner;
    }

    /** Shuts it and releases what is in it. The owner. */
    void shut() {
        if (openFor != null) {
            openFor = null;
            empty();
        }
    }

    /** The oldest frame, which stays; null: there is none. The owner. */
    @Nullable Frame first() {
        if (current == null) {
            current = frames.poll();
        }
        return current;
    }

    /** Takes the oldest frame out and gives its reference back. The owner. */
    void releaseFirst() {
        Frame frame = current;
        current = null;
        if (frame != null) {
            frame.release();
        }
    }

    /** The owner. */
    boolean isEmpty() {
        return current == null && frames.isEmpty();
    }

    /** Releases everything in it. The owner. */
    void empty() {
        releaseFirst();
        releaseWaiting();
    }

    /** Releases what the owner has not taken out. Any thread. */
    void releaseWaiting() {
        Frame frame;
        while ((frame = frames.poll()) != null) {
            frame.release();
        }
    }
}
