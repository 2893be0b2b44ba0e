package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the NICs and uplinks of a process share: switches and captures. */
final class NetHost implements AutoCloseable {
    private final Captures captures = new Captures();
    private final boolean observable;
    private @Nullable NetPorts ports;
    private int nextShard;

    /**
     * Nothing is open yet.
     *
     * @param observable whether a capture may be asked for at any time
     */
    NetHost(boolean observable) {
        this.observable = observable;
    }

    /** Whether every NIC can be captured, with options for that or without. */
    boolean observable() {
        return observable;
    }

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
