package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.IoUring;

/**
 * Keeps a shard from sleeping while a channel has work that no I/O in flight will call it back to:
 * a no-operation in the shard's ring, at most one at a time. Confined to the shard.
 */
final class Waker {
    private final IoUring ring;
    private final long userData;
    private boolean inFlight;

    Waker(IoUring ring, long userData) {
        this.ring = ring;
        this.userData = userData;
    }

    /** The shard turns at least once more. A ring that is full sees to that by itself. */
    void ask() {
        if (!inFlight) {
            inFlight = ring.nop(userData);
        }
    }

    /** Its no-operation has completed. */
    void onCompletion() {
        inFlight = false;
    }

    /** True when nothing of it is in flight. */
    boolean idle() {
        return !inFlight;
    }
}
