package dev.ringside.server.component;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import java.util.Map;
import java.util.TreeMap;

/** What a registry shows, by name and labels, as in {@code name{device=d}}. */
final class Shown implements MetricsRegistry.Visitor {
    private final Map<String, Long> counters = new TreeMap<>();
    private final Map<String, Long> gauges = new TreeMap<>();

    private Shown(final MetricsRegistry metrics) {
        metrics.visit(this);
    }

    static Map<String, Long> counters(final MetricsRegistry metrics) {
        return new Shown(metrics).counters;
    }

    static Map<String, Long> gauges(final MetricsRegistry metrics) {
        return new Shown(metrics).gauges;
    }

    @Override
    public void counter(final MetricName name, final Map<String, String> labels, final long value) {
        counters.put(name.metricName() + new TreeMap<>(labels), value);
    }

    @Override
    public void histogram(
            final MetricName name,
            final Map<String, String> labels,
            final LatencyHistogram.Snapshot snapshot) {}

    @Override
    public void gauge(
            final String name,
            final String help,
            final Map<String, String> labels,
            final long value) {
        gauges.put(name + new TreeMap<>(labels), value);
    }
}
