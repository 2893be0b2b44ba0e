/** Counters, latency histograms and their Prometheus binding. */
module dev.ringside.metrics {
    requires io.prometheus.metrics.model;
    requires io.prometheus.writer.text;
    requires java.management;
    requires jdk.management;
    requires micrometer.core;
    requires micrometer.registry.prometheus;
    // What the libraries above need: having no descriptors, they cannot say it themselves.
    requires io.prometheus.metrics.config;
    requires io.prometheus.metrics.core;
    requires io.prometheus.metrics.tracer.common;
    requires micrometer.commons;
    requires micrometer.observation;
    requires static transitive org.jspecify;

    exports dev.ringside.metrics;
    exports dev.ringside.metrics.prometheus;
}
