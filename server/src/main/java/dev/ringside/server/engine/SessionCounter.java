package dev.ringside.server.engine;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** What the conductor counts about the sessions of one device. */
enum SessionCounter implements MetricName {
    CONNECTIONS(""),
    CLOSED_BY_FRONT_END("front-end"),
    CLOSED_BY_PROTOCOL("protocol"),
    CLOSED_BY_MEMORY("memory-vanished"),
    CLOSED_BY_BUG("internal"),
    CLOSED_BY_SHUTDOWN("shutdown");

    private final String reason;

    SessionCounter(String reason) {
        this.reason = reason;
    }

    @Override
    public String metricName() {
        return reason.isEmpty()
                ? "ringside_session_connections_total"
                : "ringside_session_closed_total";
    }

    @Override
    public String help() {
        return reason.isEmpty()
                ? "Front-ends that connected, probes included."
                : "Sessions that ended, by reason.";
    }

    @Override
    public Map<String, String> labels() {
        return reason.isEmpty() ? Map.of() : Map.of("reason", reason);
    }
}
