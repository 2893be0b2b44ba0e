package dev.ringside.server.process;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.DeviceStatus;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What is counted of devices, for clients of the control socket. Any thread. */
final class Statistics {
    private static final String DEVICE = "device";
    private static final String QUEUE = "queue";

    private final MetricsRegistry registry;

    Statistics(MetricsRegistry registry) {
        this.registry = registry;
    }

    /**
     * What was counted of a device since the process serves it, all queues together. Series are
     * called as in the metrics, with the labels that are left: {@code
     * ringside_blk_requests_total{operation="read"}}.
     *
     * @param device its name
     * @param kind {@code disk} or {@code nic}
     * @param atNs when, by a clock of no meaning but differences
     * @param counters what only grows
     * @param gauges what goes up and down
     * @param durations how long things took
     */
    record Device(
            String device,
            String kind,
            long atNs,
            Map<String, Long> counters,
            Map<String, Long> gauges,
            Map<String, Durations> durations) {}

    /**
     * A histogram.
     *
     * @param count how many
     * @param sumNs all of them together
     * @param upperBoundsNs longest of each bucket; the last: no bound
     * @param counts of each bucket
     */
    record Durations(long count, long sumNs, List<Long> upperBoundsNs, List<Long> counts) {
        Durations {
            upperBoundsNs = List.copyOf(upperBoundsNs);
            counts = List.copyOf(counts);
        }

        static Durations of(LatencyHistogram.Snapshot snapshot) {
            return new Durations(
                    snapshot.count(),
                    snapshot.sumNs(),
                    Arrays.stream(snapshot.upperBoundsNs()).boxed().toList(),
                    Arrays.stream(snapshot.counts()).boxed().toList());
        }
    }

    /** Those of some devices. */
    List<Device> of(List<DeviceStatus> devices) {
        Map<String, Device> found = new TreeMap<>();
        long nowNs = System.nanoTime();
        for (DeviceStatus device : devices) {
            found.put(
                    device.device(),
                    new Device(
                            device.device(),
                            device.kind(),
                            nowNs,
                            new TreeMap<>(),
                            new TreeMap<>(),
                            new TreeMap<>()));
        }
        Collector collector = new Collector(found, new HashMap<>());
        registry.visit(collector);
        collector.finish();
        return devices.stream().map(device -> found.get(device.device())).toList();
    }

    private record Collector(
            Map<String, Device> found,
            Map<String, Map<String, LatencyHistogram.Snapshot>> durations)
            implements MetricsRegistry.Visitor {
        @Override
        public void counter(MetricName name, Map<String, String> labels, long value) {
            Device device = found.get(labels.getOrDefault(DEVICE, ""));
            if (device != null) {
                device.counters().merge(series(name.metricName(), labels), value, Long::sum);
            }
        }

        @Override
        public void histogram(
                MetricName name, Map<String, String> labels, LatencyHistogram.Snapshot snapshot) {
            if (found.containsKey(labels.getOrDefault(DEVICE, "")) && snapshot.count() > 0) {
                durations
                        .computeIfAbsent(labels.getOrDefault(DEVICE, ""), unused -> new TreeMap<>())
                        .merge(
                                series(name.metricName(), labels),
                                snapshot,
                                LatencyHistogram.Snapshot::plus);
            }
        }

        @Override
        public void gauge(String name, String help, Map<String, String> labels, long value) {
            Device device = found.get(labels.getOrDefault(DEVICE, ""));
            if (device != null) {
                device.gauges().merge(series(name, labels), value, Long::sum);
            }
        }

        void finish() {
            for (Device device : found.values()) {
                durations
                        .getOrDefault(device.device(), Map.of())
                        .forEach((name, sum) -> device.durations().put(name, Durations.of(sum)));
            }
        }
    }

    private static String series(String name, Map<String, String> labels) {
        String left =
                labels.entrySet().stream()
                        .filter(label -> !label.getKey().equals(DEVICE))
                        .filter(label -> !label.getKey().equals(QUEUE))
                        .map(label -> label.getKey() + "=\"" + label.getValue() + "\"")
                        .sorted()
                        .collect(Collectors.joining(","));
        return left.isEmpty() ? name : name + "{" + left + "}";
    }
}
