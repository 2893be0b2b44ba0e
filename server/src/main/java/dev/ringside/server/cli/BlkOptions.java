package dev.ringside.server.cli;

import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SocketSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code ringside blk} was asked to serve; every value was checked by itself and against the
 * others.
 *
 * @param source where the front-end comes from
 * @param backend the storage's URI; {@code --blk-file} and block sizes have become part of it
 * @param readOnly the guest may not write
 * @param queues request queues offered
 * @param queueSize largest ring accepted, descriptors
 * @param serial what the guest sees as the disk's serial; null: none
 * @param shards polling threads
 * @param cpus processors to pin shards to, in order; empty: not pinned
 * @param idle what a shard does when there is nothing to do
 * @param spinUs longest adaptive spin before a shard sleeps, microseconds
 * @param metrics where /metrics is served; null: nowhere
 */
record BlkOptions(
        SocketSource source,
        String backend,
        boolean readOnly,
        int queues,
        int queueSize,
        @Nullable String serial,
        int shards,
        List<Integer> cpus,
        IdleMode idle,
        int spinUs,
        @Nullable MetricsAddress metrics) {
    /** Queues offered unless said otherwise: QEMU asks for one per virtual CPU. */
    static final int DEFAULT_QUEUES = 16;

    static final int MAX_QUEUES = 256;

    static final int DEFAULT_QUEUE_SIZE = 1024;
    static final int MAX_QUEUE_SIZE = 32_768;

    static final int MAX_SHARDS = 256;

    /** Longer than any sleep and wake-up takes: beyond that spinning is busy-spin's work. */
    static final int MAX_SPIN_US = 10_000;

    /** VIRTIO_BLK_ID_BYTES (virtio 1.3, 5.2.6): longer serials cannot be told to the driver. */
    static final int MAX_SERIAL = 20;

    /** The page size of every guest here: Linux refuses larger logical blocks. */
    static final int MAX_BLOCK_SIZE = 65_536;

    static final int MAX_PHYSICAL_BLOCK_SIZE = 1 << 20;

    /** Pause before a client connects again. */
    static final long RECONNECT_MS = 500;

    static final int DEFAULT_SOCKET_MODE = 0600;

    BlkOptions {
        cpus = List.copyOf(cpus);
    }

    /** Where /metrics listens; port 0: any free one. */
    record MetricsAddress(String host, int port) {}
}
