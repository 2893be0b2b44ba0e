package dev.ringside.server.status;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a device did between two statuses of one process.
 *
 * @param operationsPerSecond requests and frames
 * @param toGuestPerSecond bytes read by the guest, or received
 * @param fromGuestPerSecond bytes written by the guest, or transmitted
 * @param p50Ns half of the requests took no longer; negative: there were none
 * @param p99Ns of a hundred requests 99 took no longer; negative: there were none
 */
public record ActivityRates(
        double operationsPerSecond,
        double toGuestPerSecond,
        double fromGuestPerSecond,
        double p50Ns,
        double p99Ns) {
    private static final double NS_PER_SECOND = 1e9;
    private static final double MEDIAN = 0.5;
    private static final double NEARLY_ALL = 0.99;

    /**
     * Compares two statuses.
     *
     * @param device in the later one
     * @param before the device in the earlier one; null: it was not there
     * @param elapsedNs between the two
     * @param boundsNs see {@link ServerStatus#latencyBoundsNs}
     */
    public static ActivityRates between(
            @Nullable DeviceActivity before,
            DeviceActivity device,
            long elapsedNs,
            List<Long> boundsNs) {
        double seconds = Math.max(1, elapsedNs) / NS_PER_SECOND;
        double operations = 0;
        double toGuest = 0;
        double fromGuest = 0;
        long[] latency = new long[boundsNs.size() + 1];
        for (OperationActivity now : device.operations()) {
            OperationActivity then = named(before, now.operation());
            operations += Math.max(0, now.count() - then.count());
            long bytes = Math.max(0, now.bytes() - then.bytes());
            if (now.operation().equals("read") || now.operation().equals("receive")) {
                toGuest += bytes;
            } else {
                fromGuest += bytes;
            }
            for (int i = 0; i < now.latency().size(); i++) {
                long earlier = i < then.latency().size() ? then.latency().get(i) : 0;
                latency[i] += Math.max(0, now.latency().get(i) - earlier);
            }
        }
        return new ActivityRates(
                operations / seconds,
                toGuest / seconds,
                fromGuest / seconds,
                quantileNs(boundsNs, latency, MEDIAN),
                quantileNs(boundsNs, latency, NEARLY_ALL));
    }

    private static OperationActivity named(@Nullable DeviceActivity device, String operation) {
        List<OperationActivity> all =
                device == null ? new ArrayList<>() : new ArrayList<>(device.operations());
        return all.stream()
                .filter(one -> one.operation().equals(operation))
                .findFirst()
                .orElse(new OperationActivity(operation, 0, 0, List.of()));
    }

    /** Within a bucket by its share. */
    private static double quantileNs(List<Long> boundsNs, long[] counts, double share) {
        long all = 0;
        for (long count : counts) {
            all += count;
        }
        double left = share * all;
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0 && left <= counts[i]) {
                double low = i == 0 ? 0 : boundsNs.get(i - 1);
                double high = i < boundsNs.size() ? boundsNs.get(i) : low;
                return low + (high - low) * left / counts[i];
            }
            left -= counts[i];
        }
        return -1;
    }
}
