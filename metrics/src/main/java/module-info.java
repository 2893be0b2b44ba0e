/** Counters, latency histograms and their Prometheus binding. */
module dev.ringside.metrics {
    requires io.prometheus.metrics.model;
    requires io.prometheus.writer.text;
    requires java.management;
    requires jdk.httpserver;
    requires jdk.management;
    requires micrometer.core;
    requires micrometer.registry.prometheus;
    requires static transitive org.jspecify;

    exports dev.ringside.metrics;
    exports dev.ringside.metrics.prometheus;
}
