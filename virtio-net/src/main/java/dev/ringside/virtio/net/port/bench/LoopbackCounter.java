package dev.ringside.virtio.net.port.bench;

import dev.ringside.metrics.MetricName;
import dev.ringside.virtio.net.port.PortMetrics;
import java.util.Map;

/** What a loopback port counts: frames that find nobody are the only ones that it loses. */
enum LoopbackCounter implements MetricName {
    NO_RECEIVEQ("no_receiveq");

    private final String reason;

    LoopbackCounter(String reason) {
        this.reason = reason;
    }

    @Override
    public String metricName() {
        return PortMetrics.DROPS;
    }

    @Override
    public String help() {
        return PortMetrics.DROPS_HELP;
    }

    @Override
    public Map<String, String> labels() {
        return PortMetrics.reason(reason);
    }
}
