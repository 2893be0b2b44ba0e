/** Counters, latency histograms and their Prometheus binding. */
module dev.ringside.metrics {
    requires jdk.httpserver;
    requires micrometer.core;
    requires micrometer.registry.prometheus;
    requires static transitive org.jspecify;

    exports dev.ringside.metrics;
// exports dev.ringside.metrics.prometheus;
}
