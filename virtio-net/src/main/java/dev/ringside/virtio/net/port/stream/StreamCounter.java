package dev.ringside.virtio.net.port.stream;

import dev.ringside.metrics.MetricName;
import dev.ringside.virtio.net.port.PortMetrics;
import java.util.Map;

/** What a stream port counts. */
enum StreamCounter implements MetricName {
    DROPPED_NO_PEER(PortMetrics.DROPS, PortMetrics.DROPS_HELP, "no_peer"),
    DROPPED_RUNT(PortMetrics.DROPS, PortMetrics.DROPS_HELP, "runt"),
    CONNECTIONS(
            "ringside_net_stream_connections_total",
            "Connections that a stream port made or accepted.",
            ""),
    CONNECT_FAILURES(
            "ringside_net_stream_connect_failures_total", "Attempts to connect that failed.", ""),
    ENDED_BY_PEER(Text.ENDED, Text.ENDED_HELP, "peer"),
    ENDED_BY_LENGTH(Text.ENDED, Text.ENDED_HELP, "bad_length"),
    ENDED_BY_ERROR(Text.ENDED, Text.ENDED_HELP, "error"),
    PARTIAL_WRITES(
            "ringside_net_stream_partial_writes_total",
            "Writes of which the peer's buffer took only a part, or nothing.",
            "");

    private final String metric;
    private final String help;
    private final String reason;

    StreamCounter(String metric, String help, String reason) {
        this.metric = metric;
        this.help = help;
        this.reason = reason;
    }

    @Override
    public String metricName() {
        return metric;
    }

    @Override
    public String help() {
        return help;
    }

    @Override
    public Map<String, String> labels() {
        return reason.isEmpty() ? Map.of() : PortMetrics.reason(reason);
    }

    private static final class Text {
        static final String ENDED = "ringside_net_stream_disconnections_total";
        static final String ENDED_HELP = "Connections of a stream port that ended, by reason.";
    }
}
