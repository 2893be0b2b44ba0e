package dev.ringside.virtio.net.port;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** What the metrics of all ports have in common: one name and one help text for one thing. */
public final class PortMetrics {
    /** Frames that a port dropped; the label {@code reason} tells why. */
    public static final String DROPS = "ringside_net_port_drops_total";

    /** Help of {@link #DROPS}. */
    public static final String DROPS_HELP = "Frames that a port dropped, by reason.";

    private PortMetrics() {}

    /** The labels of what belongs to a port: {@code port}. */
    public static Map<String, String> labels(PortUri uri) {
        return Map.of("port", uri.label());
    }

    /**
     * The labels of one constant of {@link #DROPS}.
     *
     * @see MetricName#labels
     */
    public static Map<String, String> reason(String reason) {
        return Map.of("reason", reason);
    }
}
