package dev.ringside.server.options;

import dev.ringside.server.engine.SocketSource;
import dev.ringside.virtio.blk.ErrorPolicy;
import dev.ringside.virtio.blk.limit.BlkLimits;
import org.jspecify.annotations.Nullable;

/**
 * What {@code ringside blk} was asked to serve; every value was checked by itself and against the
 * others.
 *
 * @param name in metrics and messages
 * @param source where the front-end comes from
 * @param backend the storage's URI; {@code --blk-file} and block sizes have become part of it
 * @param readOnly the guest may not write
 * @param queues request queues offered
 * @param queueSize largest ring accepted, descriptors
 * @param serial what the guest sees as the disk's serial; null: none
 * @param onError what becomes of a request that the storage fails
 * @param limits what it may do in a second
 * @param limitGroup which group's limits it keeps besides; null: none
 * @param server what does not depend on what is served
 */
public record BlkOptions(
        String name,
        SocketSource source,
        String backend,
        boolean readOnly,
        int queues,
        int queueSize,
        @Nullable String serial,
        ErrorPolicy onError,
        BlkLimits limits,
        @Nullable String limitGroup,
        ServerOptions server) {
    /** Queues offered unless said otherwise: QEMU asks for one per virtual CPU. */
    public static final int DEFAULT_QUEUES = 16;

    static final int MAX_QUEUES = 256;

    /** VIRTIO_BLK_ID_BYTES (virtio 1.3, 5.2.6): longer serials cannot be told to the driver. */
    static final int MAX_SERIAL = 20;

    /** The page size of every guest here: Linux refuses larger logical blocks. */
    static final int MAX_BLOCK_SIZE = 65_536;

    static final int MAX_PHYSICAL_BLOCK_SIZE = 1 << 20;

    /** The same with other limits. */
    public BlkOptions withLimits(BlkLimits value) {
        return new BlkOptions(
                name,
                source,
                backend,
                readOnly,
                queues,
                queueSize,
                serial,
                onError,
                value,
                limitGroup,
                server);
    }
}
