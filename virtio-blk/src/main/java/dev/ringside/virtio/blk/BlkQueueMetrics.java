package dev.ringside.virtio.blk;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricsRegistry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The counters and histograms of one queue. They live as long as the device: a queue that stops and
 * starts again, on whatever shard, goes on counting. One shard writes at a time.
 */
final class BlkQueueMetrics implements AutoCloseable {
    private final Counters<BlkCounter> counters = new Counters<>(BlkCounter.class);
    private final Map<BlkOperation, LatencyHistogram> latencies = new EnumMap<>(BlkOperation.class);
    private final List<MetricsRegistry.Registration> registrations = new ArrayList<>();

    BlkQueueMetrics(MetricsRegistry registry, String device, int queue) {
        Map<String, String> labels = Map.of("device", device, "queue", Integer.toString(queue));
        registrations.add(registry.register(labels, counters));
        for (BlkOperation operation : BlkOperation.values()) {
            LatencyHistogram histogram = new LatencyHistogram();
            latencies.put(operation, histogram);
            registrations.add(registry.register(operation, labels, histogram));
        }
    }

    Counters<BlkCounter> counters() {
        return counters;
    }

    /** The histogram of an operation. For {@code poll}: look them up once. */
    LatencyHistogram latency(BlkOperation operation) {
        LatencyHistogram histogram = latencies.get(operation);
        if (histogram == null) {
            throw new IllegalStateException("no histogram for " + operation);
        }
        return histogram;
    }

    @Override
    public void close() {
        registrations.forEach(MetricsRegistry.Registration::close);
        registrations.clear();
    }
}
