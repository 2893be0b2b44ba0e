package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.Errno;

/**
 * Makes writes durable for one channel: at most one fdatasync is in flight, and everything that
 * asks meanwhile shares the next one.
 *
 * <p>One at a time is not only cheaper. The kernel tells a failed write-back to one fdatasync of a
 * file description only, so with two in flight the one that is told nothing would answer for data
 * that is lost. And a failure is remembered for good: the next fdatasync succeeds although the data
 * is gone. Confined to the shard.
 */
final class SyncGroup {
    private final FileRing ring;
    private final int fd;
    private final long userData;
    private final FileMedium medium;
    private final boolean shared;
    private final Waker waker;
    private final BlockCompletion completion;
    private IoQueue waiting;
    private IoQueue syncing;
    private boolean submitted;

    /**
     * For one channel.
     *
     * @param shared other channels sync the same file description: then only one of all at a time
     */
    SyncGroup(
            FileRing ring,
            int fd,
            long userData,
            FileMedium medium,
            boolean shared,
            Waker waker,
            int slots,
            BlockCompletion completion) {
        this.ring = ring;
        this.fd = fd;
        this.userData = userData;
        this.medium = medium;
        this.shared = shared;
        this.waker = waker;
        this.completion = completion;
        waiting = new IoQueue(slots);
        syncing = new IoQueue(slots);
    }

    /** The request completes after an fdatasync that begins later than now. */
    void add(BlockIo io) {
        waiting.add(io);
        advance();
    }

    /** Starts the next fdatasync when one is wanted and none is in flight. */
    void advance() {
        if (submitted) {
            return;
        }
        if (syncing.isEmpty()) {
            if (waiting.isEmpty()) {
                return;
            }
            IoQueue swap = syncing;
            syncing = waiting;
            waiting = swap;
        }
        if (shared && !medium.tryBeginSync()) {
            waker.ask(); // nothing else tells this shard when it is free
            return;
        }
        submitted = ring.fdatasync(fd, userData);
        if (!submitted) {
            release();
            waker.ask();
        }
    }

    /** The fdatasync in flight is done. */
    void onSynced(int result) {
        if (result == -Errno.EINTR || result == -Errno.EAGAIN) {
            release();
            submitted = false; // advance() issues it again
            return;
        }
        if (result < 0) {
            medium.flushFailed(-result);
        }
        release();
        // Another channel may have been told of a loss that this one was not.
        int verdict = medium.flushError() == 0 ? 0 : -medium.flushError();
        int count = syncing.size();
        for (int i = 0; i < count; i++) {
            BlockIo io = syncing.remove();
            if (io != null) {
                completion.onComplete(io, verdict); // may call add()
            }
        }
        submitted = false;
        advance();
    }

    private void release() {
        if (shared) {
            medium.endSync();
        }
    }
}
