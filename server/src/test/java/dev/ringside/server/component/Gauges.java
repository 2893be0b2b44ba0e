package dev.ringside.server.component;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import java.util.Map;

/** Reads the gauges of a registry. */
final class Gauges {
    private Gauges() {}

    /** The sum of a gauge's series; 0 when there is none. */
    static long sum(final MetricsRegistry metrics, final String gauge) {
        final long[] sum = {0};
        metrics.visit(
                new MetricsRegistry.Visitor() {
                    @Override
                    public void counter(
                            final MetricName name,
                            final Map<String, String> labels,
                            final long value) {}

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
                        sum[0] += name.equals(gauge) ? value : 0;
                    }
                });
        return sum[0];
    }
}
