package dev.ringside.virtio.blk;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricsRegistry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The counters and histograms of one queue. They live as long as the device: a queue that stops and
 * starts again, on whatever shard, goes on counting. One shard writes at a time.
 */
final class BlkQueueMetrics implements AutoCloseable {
    private final Counters<BlkCounter> counters = new Counters<>(BlkCounter.class);
    private final Map<BlkOperation, LatencyHistogram> latencies = new EnumMap<>(BlkOperation.class);
    private final Map<BlkThrottled, LatencyHistogram> waits = new EnumMap<>(BlkThrottled.class);
    private final List<MetricsRegistry.Registration> registrations = new ArrayList<>();

    private final String device;

    BlkQueueMetrics(MetricsRegistry registry, String device, int queue) {
        this.device = device;
        Map<String, String> labels = Map.of("device", device, "queue", Integer.toString(queue));
        registrations.add(registry.register(labels, counters));
        for (BlkOperation operation : BlkOperation.values()) {
            LatencyHistogram histogram = new LatencyHistogram(registry.exemplars());
            latencies.put(operation, histogram);
            registrations.add(registry.register(operation, labels, histogram));
        }
        for (BlkThrottled side : BlkThrottled.values()) {
            LatencyHistogram histogram = new LatencyHistogram();
            waits.put(side, histogram);
            registrations.add(registry.register(side, labels, histogram));
        }
    }

    /** The device's name. */
    String device() {
        return device;
    }

    Counters<BlkCounter> counters() {
        return counters;
    }

    /** The histogram of an operation. For {@code poll}: look them up once. */
    LatencyHistogram latency(BlkOperation operation) {
        return Objects.requireNonNull(latencies.get(operation));
    }

    /** The histogram of what waited for its turn. For {@code poll}: look them up once. */
    LatencyHistogram throttled(BlkThrottled side) {
        return Objects.requireNonNull(waits.get(side));
    }

    @Override
    public void close() {
        registrations.forEach(MetricsRegistry.Registration::close);
        registrations.clear();
    }
}
