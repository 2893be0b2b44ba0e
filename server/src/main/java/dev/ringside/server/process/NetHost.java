package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the NICs and uplinks of a process share: switches and captures. */
final class NetHost implements AutoCloseable {
    private final Captures captures = new Captures();
    private @Nullable NetPorts ports;
    private int nextShard;

    /** Before the first NIC is opened. */
    void open(MetricsRegistry registry) {
        ports = new NetPorts(registry);
    }

    NetPorts ports() {
        return Objects.requireNonNull(ports);
    }

    Captures captures() {
        return captures;
    }

    /** Deals the shards out to uplinks; returns the first of {@code pairs} in a row. */
    int takeShards(int pairs) {
        int first = nextShard;
        nextShard += pairs;
        return first;
    }

    /** Every port is closed. */
    @Override
    public void close() {
        if (ports != null) {
            ports.close();
        }
    }
}
