package dev.ringside.server.status;

import java.util.List;

/**
 * One kind of what a device does, on all of its queues.
 *
 * @param operation of a disk such as {@code read}; of a NIC {@code transmit} or {@code receive}
 * @param count requests or frames
 * @param bytes in all of them
 * @param latency how many requests took how long: the buckets of {@link
 *     ServerStatus#latencyBoundsNs} and one more; empty at a NIC
 */
public record OperationActivity(String operation, long count, long bytes, List<Long> latency) {
    /** Keeps a list of its own. */
    public OperationActivity {
        latency = List.copyOf(latency);
    }
}
