package dev.ringside.metrics;

import java.util.Map;

/**
 * One series of the catalogue of metrics. Enums implement it: the enum is the list of all counters
 * of its subject. Several constants may share one metric and differ in their labels ({@code
 * operation="read"}).
 */
public interface MetricName {
    /** Name by the Prometheus conventions, with its unit and {@code _total} for a counter. */
    String metricName();

    /** One sentence for a person who reads {@code /metrics}. Equal for all of one metric name. */
    String help();

    /**
     * What a counter's value is multiplied with to have the unit of its name: 1e-9 when nanoseconds
     * are counted and seconds shown. Equal for all of one metric name.
     */
    default double scale() {
        return 1;
    }

    /** Labels that belong to this constant; empty when it is the only one of its metric. */
    default Map<String, String> labels() {
        return Map.of();
    }
}
