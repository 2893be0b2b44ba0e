package dev.ringside.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.metrics.MetricsRegistry.Registration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is shown of what was registered. */
final class MetricsRegistryTest {
    private enum Io implements MetricName {
        READS("io_total", "read"),
        FAILURES("errors_total", "any"),
        WRITES("io_total", "write");

        private final String metricName;
        private final String operation;

        Io(String metricName, String operation) {
            this.metricName = metricName;
            this.operation = operation;
        }

        @Override
        public String metricName() {
            return metricName;
        }

        @Override
        public String help() {
            return "Help.";
        }

        @Override
        public Map<String, String> labels() {
            return Map.of("operation", operation);
        }
    }

    private final MetricsRegistry registry = new MetricsRegistry();

    private List<String> shown() {
        List<String> lines = new ArrayList<>();
        registry.visit(
                new MetricsRegistry.Visitor() {
                    @Override
                    public void counter(MetricName name, Map<String, String> labels, long value) {
                        lines.add(name.metricName() + labels + " " + value);
                    }

                    @Override
                    public void histogram(
                            MetricName name,
                            Map<String, String> labels,
                            LatencyHistogram.Snapshot snapshot) {
                        lines.add(name.metricName() + labels + " n=" + snapshot.count());
                    }

                    @Override
                    public void gauge(
                            String name, String help, Map<String, String> labels, long value) {
                        lines.add(name + labels + " is " + value);
                    }
                });
        return lines;
    }

    @Test
    void shouldGroupByNameAndAddTheLabels() {
        Counters<Io> counters = new Counters<>(Io.class);
        counters.add(Io.WRITES, 5);
        registry.register(Map.of("device", "a"), counters);
        registry.gauge("depth", "Help.", Map.of("device", "a"), () -> 7);
        registry.register(Map.of("device", "b"), new Counters<>(Io.class));

        assertEquals(
                List.of(
                        "io_total{device=a, operation=read} 0",
                        "io_total{device=a, operation=write} 5",
                        "io_total{device=b, operation=read} 0",
                        "io_total{device=b, operation=write} 0",
                        "errors_total{device=a, operation=any} 0",
                        "errors_total{device=b, operation=any} 0",
                        "depth{device=a} is 7"),
                shown());
    }

    @Test
    void shouldAddUpEqualSeries() {
        LatencyHistogram first = new LatencyHistogram();
        LatencyHistogram second = new LatencyHistogram();
        first.record(1);
        second.record(2);
        registry.register(Io.READS, Map.of(), first);
        registry.register(Io.READS, Map.of(), second);
        registry.gauge("depth", "Help.", Map.of(), () -> 7);
        registry.gauge("depth", "Help.", Map.of(), () -> 8);

        assertEquals(List.of("io_total{operation=read} n=2", "depth{} is 15"), shown());
    }

    @Test
    void shouldForgetWhatWasTakenOut() {
        Registration one = registry.gauge("one", "Help.", Map.of(), () -> 1);
        registry.gauge("two", "Help.", Map.of(), () -> 2);

        one.close();
        one.close();

        assertEquals(List.of("two{} is 2"), shown());
    }
}
