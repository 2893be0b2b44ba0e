package dev.ringside.server.status;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A process at a moment.
 *
 * @param version of Ringside
 * @param pid of the process
 * @param time ISO 8601
 * @param upSeconds since the process began
 * @param clockNs a clock that only runs forward, for rates between two statuses of one process
 * @param notReady why front-ends are not served now; null: they are
 * @param failures what only a restart repairs, a line for each
 * @param latencyBoundsNs upper bounds of the buckets of all latencies, in nanoseconds; one more
 *     bucket has no bound
 * @param shards the polling threads
 * @param devices every device
 */
public record ServerStatus(
        String version,
        long pid,
        String time,
        long upSeconds,
        long clockNs,
        @Nullable String notReady,
        List<String> failures,
        List<Long> latencyBoundsNs,
        List<ShardActivity> shards,
        List<DeviceActivity> devices) {
    /** Keeps lists of its own. */
    public ServerStatus {
        failures = List.copyOf(failures);
        latencyBoundsNs = List.copyOf(latencyBoundsNs);
        shards = List.copyOf(shards);
        devices = List.copyOf(devices);
    }
}
