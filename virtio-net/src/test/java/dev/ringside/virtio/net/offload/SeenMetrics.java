package dev.ringside.virtio.net.offload;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** What a registry showed. */
final class SeenMetrics implements MetricsRegistry.Visitor {
    private final Map<String, Long> values = new HashMap<>();

    long value(String name, Map<String, String> labels) {
        Long value = values.get(name + new TreeMap<>(labels));
        if (value == null) {
            throw new AssertionError(name + labels + " is not among " + values.keySet());
        }
        return value;
    }

    int size() {
        return values.size();
    }

    @Override
    public void counter(MetricName name, Map<String, String> labels, long value) {
        values.put(name.metricName() + new TreeMap<>(labels), value);
    }

    @Override
    public void histogram(
            MetricName name, Map<String, String> labels, LatencyHistogram.Snapshot snapshot) {
        values.put(name.metricName() + new TreeMap<>(labels), snapshot.count());
    }

    @Override
    public void gauge(String name, String help, Map<String, String> labels, long value) {
        values.put(name + new TreeMap<>(labels), value);
    }
}
