package dev.ringside.virtio.blk;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** What requests are counted by; each constant is also the name of its latency histogram. */
enum BlkOperation implements MetricName {
    READ("read"),
    WRITE("write"),
    FLUSH("flush"),
    DISCARD("discard"),
    WRITE_ZEROES("write_zeroes"),
    SECURE_ERASE("secure_erase"),
    GET_ID("get_id"),
    GET_LIFETIME("get_lifetime"),
    /** A type that the device does not know, or a request too malformed to have one. */
    OTHER("other");

    private final String label;

    BlkOperation(String label) {
        this.label = label;
    }

    /** As metrics and events have it. */
    String label() {
        return label;
    }

    @Override
    public String metricName() {
        return "ringside_blk_request_duration_seconds";
    }

    @Override
    public String help() {
        return "Time from taking a request off the ring to its completion.";
    }

    @Override
    public Map<String, String> labels() {
        return Map.of("operation", label);
    }
}
