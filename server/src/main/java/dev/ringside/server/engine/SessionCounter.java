package dev.ringside.server.engine;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** What the conductor counts about the sessions of one device. */
enum SessionCounter implements MetricName {
    CONNECTIONS(
            "ringside_session_connections_total", "Front-ends that connected, probes included."),
    CLOSED_BY_FRONT_END("front-end"),
    CLOSED_BY_PROTOCOL("protocol"),
    CLOSED_BY_MEMORY("memory-vanished"),
    CLOSED_BY_BUG("internal"),
    CLOSED_BY_SHUTDOWN("shutdown"),
    PAUSES(
            "ringside_session_pauses_total",
            "Times that a front-end was not read for a while because it sent too many messages."),
    REFUSALS(
            "ringside_session_refusals_total",
            "Requests of front-ends that were refused, their limits among the reasons.");

    private final String metricName;
    private final String help;
    private final String reason;

    SessionCounter(String metricName, String help) {
        this.metricName = metricName;
        this.help = help;
        reason = "";
    }

    SessionCounter(String reason) {
        metricName = "ringside_session_closed_total";
        help = "Sessions that ended, by reason.";
        this.reason = reason;
    }

    @Override
    public String metricName() {
        return metricName;
    }

    @Override
    public String help() {
        return help;
    }

    @Override
    public Map<String, String> labels() {
        return reason.isEmpty() ? Map.of() : Map.of("reason", reason);
    }
}
