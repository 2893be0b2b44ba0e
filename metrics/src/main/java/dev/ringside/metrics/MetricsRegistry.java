package dev.ringside.metrics;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * The counters, histograms and gauges that exist now. Control path only; thread-safe.
 *
 * <p>The registry never writes to what it shows and reads it on the visiting thread.
 */
public final class MetricsRegistry {
    private final Object lock = new Object();
    private final Set<Source> sources = new LinkedHashSet<>();

    private final boolean exemplars;

    /** An empty registry. */
    public MetricsRegistry() {
        this(false);
    }

    /**
     * An empty registry.
     *
     * @param exemplars whether histograms made for it should keep them
     */
    public MetricsRegistry(boolean exemplars) {
        this.exemplars = exemplars;
    }

    /** Whether histograms made for it should keep exemplars. */
    public boolean exemplars() {
        return exemplars;
    }

    /**
     * Shows a set of counters.
     *
     * @param labels added to the labels of each of their names, such as {@code device}
     */
    public Registration register(Map<String, String> labels, Counters<?> counters) {
        Map<String, String> common = Map.copyOf(labels);
        return add(
                merge ->
                        counters.forEach(
                                (name, value) ->
                                        merge.counter(name, join(common, name.labels()), value)));
    }

    /** Shows a histogram of durations. Its name ends in {@code _seconds}. */
    public Registration register(
            MetricName name, Map<String, String> labels, LatencyHistogram histogram) {
        Map<String, String> all = join(labels, name.labels());
        return add(merge -> merge.histogram(name, all, histogram.snapshot()));
    }

    /**
     * Shows a value that goes up and down.
     *
     * @param value read on the visiting thread: must not block, and must be safe on any thread
     */
    public Registration gauge(
            String name, String help, Map<String, String> labels, LongSupplier value) {
        Map<String, String> all = join(labels, Map.of());
        return add(merge -> merge.gauge(name, help, all, value.getAsLong()));
    }

    /**
     * Shows everything, grouped by metric name in the order of first registration. Series with the
     * same name and labels (the same counters on two shards) are added up and shown once.
     */
    public void visit(Visitor visitor) {
        List<Source> now;
        synchronized (lock) {
            now = new ArrayList<>(sources);
        }
        Merge merge = new Merge();
        for (Source source : now) {
            source.show(merge);
        }
        merge.families
                .values()
                .forEach(family -> family.values().forEach(series -> series.show(visitor)));
    }

    private Registration add(Source source) {
        synchronized (lock) {
            sources.add(source);
        }
        return () -> {
            synchronized (lock) {
                sources.remove(source);
            }
        };
    }

    /** Sorted, so that equal labels give equal keys and a stable text. */
    private static Map<String, String> join(Map<String, String> outer, Map<String, String> inner) {
        Map<String, String> joined = new TreeMap<>(outer);
        joined.putAll(inner);
        return Collections.unmodifiableMap(joined);
    }

    /** Takes what was registered out of the registry again. */
    public interface Registration extends AutoCloseable {
        /** Removes it; does nothing the second time. Any thread. */
        @Override
        void close();
    }

    /** Sees every series once. */
    public interface Visitor {
        /** A counter, with all its labels. */
        void counter(MetricName name, Map<String, String> labels, long value);

        /** A histogram of durations, with all its labels. */
        void histogram(
                MetricName name, Map<String, String> labels, LatencyHistogram.Snapshot snapshot);

        /** A gauge. */
        void gauge(String name, String help, Map<String, String> labels, long value);
    }

    private interface Source {
        void show(Merge merge);
    }

    private sealed interface Series {
        Series plus(Series other);

        void show(Visitor visitor);
    }

    private record CounterSeries(MetricName name, Map<String, String> labels, long value)
            implements Series {
        @Override
        public Series plus(Series other) {
            return other instanceof CounterSeries that
                    ? new CounterSeries(name, labels, value + that.value)
                    : this;
        }

        @Override
        public void show(Visitor visitor) {
            visitor.counter(name, labels, value);
        }
    }

    private record HistogramSeries(
            MetricName name, Map<String, String> labels, LatencyHistogram.Snapshot snapshot)
            implements Series {
        @Override
        public Series plus(Series other) {
            return other instanceof HistogramSeries that
                    ? new HistogramSeries(name, labels, snapshot.plus(that.snapshot))
                    : this;
        }

        @Override
        public void show(Visitor visitor) {
            visitor.histogram(name, labels, snapshot);
        }
    }

    private record GaugeSeries(String name, String help, Map<String, String> labels, long value)
            implements Series {
        @Override
        public Series plus(Series other) {
            return other instanceof GaugeSeries that
                    ? new GaugeSeries(name, help, labels, value + that.value)
                    : this;
        }

        @Override
        public void show(Visitor visitor) {
            visitor.gauge(name, help, labels, value);
        }
    }

    /** Series by metric name and labels. */
    private static final class Merge {
        private final Map<String, Map<Map<String, String>, Series>> families =
                new LinkedHashMap<>();

        void counter(MetricName name, Map<String, String> labels, long value) {
            put(name.metricName(), labels, new CounterSeries(name, labels, value));
        }

        void histogram(
                MetricName name, Map<String, String> labels, LatencyHistogram.Snapshot snapshot) {
            put(name.metricName(), labels, new HistogramSeries(name, labels, snapshot));
        }

        void gauge(String name, String help, Map<String, String> labels, long value) {
            put(name, labels, new GaugeSeries(name, help, labels, value));
        }

        private void put(String name, Map<String, String> labels, Series series) {
            families.computeIfAbsent(name, key -> new LinkedHashMap<>())
                    .merge(labels, series, Series::plus);
        }
    }
}
