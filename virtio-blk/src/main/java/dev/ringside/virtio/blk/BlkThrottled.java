package dev.ringside.virtio.blk;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** The histograms of how long requests waited because of limits. */
enum BlkThrottled implements MetricName {
    READ("read"),
    WRITE("write");

    private final String label;

    BlkThrottled(String label) {
        this.label = label;
    }

    @Override
    public String metricName() {
        return "ringside_blk_throttle_duration_seconds";
    }

    @Override
    public String help() {
        return "Time that requests waited because of a limit, of those that had to.";
    }

    @Override
    public Map<String, String> labels() {
        return Map.of("operation", label);
    }
}
