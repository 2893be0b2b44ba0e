package dev.ringside.virtio.net;

import dev.ringside.shm.HeadedCopies;
import dev.ringside.shm.Ranges;
import dev.ringside.virtqueue.BufferBurst;
import dev.ringside.virtqueue.Virtqueue;

/**
 * Writes many plain frames at once, to one buffer each of a receiveq whose headers have 12 bytes.
 * Confined to the queue's shard.
 */
final class ReceiveBurst {
    private static final int HEADER = HeadedCopies.HEAD_BYTES;

    /** The last bytes of a header that says nothing else: {@code num_buffers} is 1. */
    private static final int ONE_BUFFER = 1 << Short.SIZE;

    private final Virtqueue queue;
    private final BufferBurst burst = new BufferBurst(QueueSetup.LEAST_BURST, true);
    private final HeadedCopies copies = new HeadedCopies(QueueSetup.LEAST_BURST);

    ReceiveBurst(Virtqueue queue) {
        this.queue = queue;
    }

    /**
     * Writes frames and completes their chains.
     *
     * @param longest the most bytes of a frame
     * @return how many of the first were written
     */
    int write(Ranges frames, int longest) {
        if (queue.nextBuffers(burst, frames.count()) == 0) {
            return 0;
        }
        int count = fitting(frames, longest);
        copies.run(0, ONE_BUFFER, burst.buffers(), frames, count);
        queue.settleBuffers(burst, count);
        return count;
    }

    /** How many frames are written to the buffers that were taken. */
    private int fitting(Ranges frames, int longest) {
        Ranges buffers = burst.buffers();
        int count = buffers.count();
        for (int i = 0; i < count; i++) {
            int length = frames.length(i);
            if (length > longest || HEADER + length > buffers.length(i)) {
                return i;
            }
            burst.setWritten(i, HEADER + length);
        }
        return count;
    }

    /** Lets go of guest memory. */
    void forget() {
        burst.clear();
    }
}
