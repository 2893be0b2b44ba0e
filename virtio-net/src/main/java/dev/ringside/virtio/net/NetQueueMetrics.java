package dev.ringside.virtio.net;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.offload.OffloadCounter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Map;

/**
 * The counters of one queue and its fill. They live as long as the device: a queue that stops and
 * starts again, on whatever shard, goes on counting. One shard writes at a time.
 */
final class NetQueueMetrics<E extends Enum<E> & MetricName> implements AutoCloseable {
    private static final VarHandle FILL = fillHandle();

    private final Counters<E> counters;
    private final Counters<OffloadCounter> offloads = new Counters<>(OffloadCounter.class);
    private final MetricsRegistry.Registration countersShown;
    private final MetricsRegistry.Registration offloadsShown;
    private final MetricsRegistry.Registration fillShown;

    /** Chains that were waiting at the end of the last poll. */
    private volatile int fill;

    NetQueueMetrics(MetricsRegistry registry, Map<String, String> labels, Class<E> names) {
        counters = new Counters<>(names);
        countersShown = registry.register(labels, counters);
        offloadsShown = registry.register(labels, offloads);
        fillShown =
                registry.gauge(
                        "ringside_net_ring_fill",
                        "Chains that the driver has made available and the device has not taken.",
                        labels,
                        () -> fill);
    }

    Counters<E> counters() {
        return counters;
    }

    private static VarHandle fillHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(NetQueueMetrics.class, "fill", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Of what is computed for the queue's frames in software. */
    Counters<OffloadCounter> offloads() {
        return offloads;
    }

    /** Says how many chains wait now. */
    void fill(int chains) {
        FILL.setOpaque(this, chains);
    }

    @Override
    public void close() {
        countersShown.close();
        offloadsShown.close();
        fillShown.close();
    }
}
