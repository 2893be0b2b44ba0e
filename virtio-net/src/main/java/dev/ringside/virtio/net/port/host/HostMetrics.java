package dev.ringside.virtio.net.port.host;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.offload.OffloadCounter;
import dev.ringside.virtio.net.port.PortMetrics;
import dev.ringside.virtio.net.port.PortUri;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The counters of a port's queue pairs, which outlive the guests that come and go. */
public final class HostMetrics implements AutoCloseable {
    private final List<Counters<HostCounter>> counters = new ArrayList<>();
    private final List<Counters<OffloadCounter>> offloadCounters = new ArrayList<>();
    private final List<MetricsRegistry.Registration> registrations = new ArrayList<>();

    /** Counters at zero, shown in a registry. */
    public HostMetrics(PortUri uri, MetricsRegistry registry, int pairs) {
        for (int pair = 0; pair < pairs; pair++) {
            Counters<HostCounter> own = new Counters<>(HostCounter.class);
            Map<String, String> labels = new HashMap<>(PortMetrics.labels(uri));
            labels.put("queue", Integer.toString(pair));
            counters.add(own);
            registrations.add(registry.register(labels, own));
            Counters<OffloadCounter> software = new Counters<>(OffloadCounter.class);
            offloadCounters.add(software);
            registrations.add(registry.register(labels, software));
        }
    }

    /** A pair's counters, to be written by its shard. */
    public Counters<HostCounter> counters(int pair) {
        return counters.get(pair);
    }

    /** What is done in software of a pair's received frames, to be written by its shard. */
    public Counters<OffloadCounter> offloadCounters(int pair) {
        return offloadCounters.get(pair);
    }

    /** Shows them no more. */
    @Override
    public void close() {
        registrations.forEach(MetricsRegistry.Registration::close);
    }
}
