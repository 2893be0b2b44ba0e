package dev.ringside.server.engine;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What a shard has counted. */
final class ShardTotals {
    private ShardTotals() {}

    static long of(MetricsRegistry registry, int shard, String metric, String state) {
        var found = new AtomicLong(-1);
        registry.visit(
                new MetricsRegistry.Visitor() {
                    @Override
                    public void counter(MetricName name, Map<String, String> labels, long value) {
                        if (name.metricName().equals(metric)
                                && labels.getOrDefault("shard", "").equals("" + shard)
                                && labels.getOrDefault("state", "").equals(state)) {
                            found.set(value);
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
        return found.get();
    }
}
