package dev.ringside.frontend;

import java.lang.foreign.MemorySegment;

/**
 * Buffers of one ring, header and frame, each in descriptors of its own that are offered again and
 * again, and which of them the driver has now. One thread; allocates nothing after construction.
 */
final class FrameBuffers {
    private static final long LINE_BYTES = 64;

    private final DriverQueue queue;
    private final MemorySegment memory;
    private final long[] offsetOfHead;
    private final int[] bytesOfHead;
    private final int[] ready;
    private int readyCount;

    /** Buffers of the given lengths, header included. */
    FrameBuffers(
            final FrontendMemory memory,
            final DriverQueue queue,
            final int[] bytes,
            final NetLayout layout,
            final int headerBytes,
            final boolean deviceWrites) {
        if (queue.freeDescriptors() != queue.layout().size()) {
            throw new IllegalArgumentException(
                    "queue " + queue.layout().index() + " is not empty: restart the driver first");
        }
        this.queue = queue;
        this.offsetOfHead = new long[queue.layout().size()];
        this.bytesOfHead = new int[queue.layout().size()];
        this.ready = new int[bytes.length];
        final long stride = stride(bytes);
        final long base = memory.allocate(stride * bytes.length, 4096);
        this.memory = memory.slice(base, stride * bytes.length);
        final DriverChain chain = new DriverChain();
        for (int i = bytes.length - 1; i >= 0; i--) {
            layout.cut(chain, base + stride * i, bytes[i], headerBytes, deviceWrites);
            final int head = layout.reserve(queue, chain);
            if (head < 0) {
                throw new IllegalArgumentException(
                        bytes.length
                                + " buffers of "
                                + chain.count()
                                + " descriptors do not fit into a ring of "
                                + queue.layout().size());
            }
            offsetOfHead[head] = stride * i;
            bytesOfHead[head] = bytes[i];
            ready[readyCount++] = head;
        }
    }

    // An odd number of cache lines: else all headers would share a few sets of the cache.
    private static long stride(final int... bytes) {
        int most = 0;
        for (final int length : bytes) {
            most = Math.max(most, length);
        }
        return ((most + LINE_BYTES - 1) / LINE_BYTES | 1) * LINE_BYTES;
    }

    MemorySegment memory() {
        return memory;
    }

    long offset(final int head) {
        return offsetOfHead[head];
    }

    int bytes(final int head) {
        return bytesOfHead[head];
    }

    int readyCount() {
        return readyCount;
    }

    /** Takes a buffer that the driver has; there must be one. */
    int take() {
        return ready[--readyCount];
    }

    /** Takes back from the device whatever it has used; returns how many. */
    int reap() {
        int count = 0;
        for (int head = queue.takeUsed(); head >= 0; head = queue.takeUsed()) {
            ready[readyCount++] = head;
            count++;
        }
        return count;
    }
}
