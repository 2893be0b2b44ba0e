package dev.ringside.virtio.blk;

import dev.ringside.virtio.blk.backend.BlockBackend;
import dev.ringside.virtio.blk.limit.QueueMeter;
import java.util.function.Supplier;

/**
 * What a queue needs of its disk.
 *
 * @param backend where it opens a channel
 * @param states what the disk is now
 * @param metrics the queue's own
 * @param meter the queue's own
 * @param onError what becomes of requests that the backend fails
 * @param trouble where it counts those that wait
 */
record BlkQueueParts(
        BlockBackend backend,
        Supplier<BlkState> states,
        BlkQueueMetrics metrics,
        QueueMeter meter,
        ErrorPolicy onError,
        BlkTrouble trouble) {}
