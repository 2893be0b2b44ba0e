package dev.ringside.virtio.net.port.tap;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import java.util.List;
import java.util.Map;

/** Lists the counters that a registry shows. */
record SeriesNames(List<String> into) implements MetricsRegistry.Visitor {
    @Override
    public void counter(MetricName name, Map<String, String> labels, long value) {
        into.add(name.metricName() + labels);
    }

    @Override
    public void histogram(
            MetricName name, Map<String, String> labels, LatencyHistogram.Snapshot snapshot) {
        into.add(name.metricName() + labels);
    }

    @Override
    public void gauge(String name, String help, Map<String, String> labels, long value) {
        into.add(name + labels);
    }
}
