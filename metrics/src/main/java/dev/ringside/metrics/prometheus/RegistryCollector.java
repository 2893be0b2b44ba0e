package dev.ringside.metrics.prometheus;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplar;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Turns what a {@link MetricsRegistry} shows into Prometheus' snapshots, at each scrape. */
final class RegistryCollector implements MultiCollector {
    private static final double NS_PER_SECOND = 1e9;
    private static final String TOTAL = "_total";

    private final MetricsRegistry registry;

    RegistryCollector(MetricsRegistry registry) {
        this.registry = registry;
    }

    @Override
    public MetricSnapshots collect() {
        var families = new Families();
        registry.visit(families);
        families.finish();
        return families.snapshots.build();
    }

    /** Collects series, which come grouped by name, into families. */
    private static final class Families implements MetricsRegistry.Visitor {
        private final MetricSnapshots.Builder snapshots = MetricSnapshots.builder();
        private String current = "";
        private Runnable add = () -> {};
        private List<CounterSnapshot.CounterDataPointSnapshot> counters = List.of();
        private List<GaugeSnapshot.GaugeDataPointSnapshot> gauges = List.of();
        private List<HistogramSnapshot.HistogramDataPointSnapshot> histograms = List.of();

        @Override
        public void counter(MetricName name, Map<String, String> labels, long value) {
            if (enter(name.metricName())) {
                List<CounterSnapshot.CounterDataPointSnapshot> points = new ArrayList<>();
                counters = points;
                add =
                        () -> {
                            var family = CounterSnapshot.builder();
                            family.name(baseName(name.metricName())).help(name.help());
                            points.forEach(family::dataPoint);
                            snapshots.metricSnapshot(family.build());
                        };
            }
            counters.add(
                    CounterSnapshot.CounterDataPointSnapshot.builder()
                            .labels(labels(labels))
                            .value(value * name.scale())
                            .build());
        }

        @Override
        public void gauge(String name, String help, Map<String, String> labels, long value) {
            if (enter(name)) {
                List<GaugeSnapshot.GaugeDataPointSnapshot> points = new ArrayList<>();
                gauges = points;
                add =
                        () -> {
                            var family = GaugeSnapshot.builder();
                            family.name(name).help(help);
                            points.forEach(family::dataPoint);
                            snapshots.metricSnapshot(family.build());
                        };
            }
            gauges.add(
                    GaugeSnapshot.GaugeDataPointSnapshot.builder()
                            .labels(labels(labels))
                            .value((double) value)
                            .build());
        }

        @Override
        public void histogram(
                MetricName name, Map<String, String> labels, LatencyHistogram.Snapshot snapshot) {
            if (enter(name.metricName())) {
                List<HistogramSnapshot.HistogramDataPointSnapshot> points = new ArrayList<>();
                histograms = points;
                add =
                        () -> {
                            var family = HistogramSnapshot.builder();
                            family.name(name.metricName()).help(name.help());
                            points.forEach(family::dataPoint);
                            snapshots.metricSnapshot(family.build());
                        };
            }
            histograms.add(
                    HistogramSnapshot.HistogramDataPointSnapshot.builder()
                            .labels(labels(labels))
                            .classicHistogramBuckets(buckets(snapshot))
                            .sum(snapshot.sumNs() / NS_PER_SECOND)
                            .exemplars(exemplars(snapshot))
                            .build());
        }

        private boolean enter(String name) {
            if (name.equals(current)) {
                return false;
            }
            finish();
            current = name;
            return true;
        }

        void finish() {
            add.run();
            add = () -> {};
        }

        /** The library adds the suffix itself. */
        private static String baseName(String name) {
            return name.endsWith(TOTAL) ? name.substring(0, name.length() - TOTAL.length()) : name;
        }

        private static Labels labels(Map<String, String> labels) {
            Labels.Builder all = Labels.builder();
            labels.forEach(all::label);
            return all.build();
        }

        private static Exemplars exemplars(LatencyHistogram.Snapshot snapshot) {
            return Exemplars.of(
                    snapshot.exemplars().stream()
                            .map(
                                    one ->
                                            Exemplar.builder()
                                                    .value(one.durationNs() / NS_PER_SECOND)
                                                    .timestampMillis(one.timeMs())
                                                    .labels(Labels.of("sector", "" + one.place()))
                                                    .build())
                            .toList());
        }

        private static ClassicHistogramBuckets buckets(LatencyHistogram.Snapshot snapshot) {
            long[] boundsNs = snapshot.upperBoundsNs();
            double[] bounds = new double[boundsNs.length];
            for (int i = 0; i < bounds.length; i++) {
                bounds[i] = seconds(boundsNs[i]);
            }
            return ClassicHistogramBuckets.of(bounds, snapshot.counts());
        }

        /**
         * A bucket ends just below a power of two in nanoseconds: durations are whole nanoseconds,
         * and a reader likes the power better.
         */
        private static double seconds(long boundNs) {
            return boundNs == Long.MAX_VALUE
                    ? Double.POSITIVE_INFINITY
                    : (boundNs + 1) / NS_PER_SECOND;
        }
    }
}
