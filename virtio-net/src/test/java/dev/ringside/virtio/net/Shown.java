package dev.ringside.virtio.net;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import java.util.Map;

/** Reads what a registry shows. */
public final class Shown {
    private Shown() {}

    /** The sum of a counter's series; -1: there is none. */
    public static long counter(MetricsRegistry metrics, String metric) {
        return counter(metrics, metric, "");
    }

    /** The sum of a counter's series that have a label of that value; -1: there is none. */
    public static long counter(MetricsRegistry metrics, String metric, String label) {
        long[] sum = {-1};
        metrics.visit(
                new MetricsRegistry.Visitor() {
                    @Override
                    public void counter(MetricName name, Map<String, String> labels, long value) {
                        if (name.metricName().equals(metric)
                                && (label.isEmpty() || labels.containsValue(label))) {
                            sum[0] = Math.max(sum[0], 0) + value;
                        }
                    }

                    @Override
                    public void histogram(
                            MetricName name,
                            Map<String, String> labels,
                            LatencyHistogram.Snapshot snapshot) {}

                    @Override
                    public void gauge(
                            String name, String help, Map<String, String> labels, long value) {}
                });
        return sum[0];
    }
}
