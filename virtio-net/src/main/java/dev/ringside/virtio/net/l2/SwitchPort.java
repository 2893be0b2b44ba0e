package dev.ringside.virtio.net.l2;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** One port of a switch: who it is, and the queues by which frames leave it. Any thread. */
final class SwitchPort {
    private static final SwitchLane[] NO_LANES = {};

    private final int number;
    private final String name;
    private final SwitchPortConfig config;
    private final AtomicReference<SwitchLane[]> lanes = new AtomicReference<>(NO_LANES);

    /** The address that its frames must come from; 0: the first that comes. */
    private final AtomicLong ownMac = new AtomicLong();

    private volatile long assignedMac;

    private final Map<String, String> labels;
    private final MetricsRegistry metrics;
    private final List<MetricsRegistry.Registration> registrations = new ArrayList<>();

    SwitchPort(
            int number,
            String name,
            SwitchPortConfig config,
            Map<String, String> labels,
            MetricsRegistry metrics) {
        this.number = number;
        this.name = name;
        this.config = config;
        this.labels = labels;
        this.metrics = metrics;
        assign(config.mac());
    }

    int number() {
        return number;
    }

    String name() {
        return name;
    }

    SwitchPortConfig config() {
        return config;
    }

    /** The address that was given to it, or 0. */
    long assignedMac() {
        return assignedMac;
    }

    void assign(long mac) {
        assignedMac = mac;
        ownMac.set(mac);
    }

    /** Whether a frame from this address may come in here. */
    boolean maySendFrom(long mac) {
        if (!config.antiSpoof()) {
            return true;
        }
        long own = ownMac.get();
        if (own == 0) {
            own = ownMac.compareAndExchange(0, mac);
            return own == 0 || own == mac;
        }
        return own == mac;
    }

    /** The queues by which frames leave now: those that are enabled. Not to be changed. */
    SwitchLane[] lanes() {
        return Objects.requireNonNull(lanes.get());
    }

    /** From now on frames leave by this one too. */
    void join(SwitchLane lane) {
        lanes.updateAndGet(
                before -> {
                    SwitchLane[] after = Arrays.copyOf(before, before.length + 1);
                    after[before.length] = lane;
                    Arrays.sort(after, (a, b) -> Integer.compare(a.pair(), b.pair()));
                    return after;
                });
    }

    /** No frame leaves by this one any more. */
    void leave(SwitchLane lane) {
        lanes.updateAndGet(
                before ->
                        Arrays.stream(before)
                                .filter(other -> other != lane)
                                .toArray(SwitchLane[]::new));
    }

    /** Counters for one who writes, which are shown as long as the port is there. */
    Counters<SwitchCounter> counters() {
        return counters(SwitchCounter.class);
    }

    /** The same of another catalogue. */
    <E extends Enum<E> & MetricName> Counters<E> counters(Class<E> catalogue) {
        Counters<E> counters = new Counters<>(catalogue);
        synchronized (registrations) {
            registrations.add(metrics.register(labels, counters));
        }
        return counters;
    }

    /** Shows its counters no more. */
    void close() {
        synchronized (registrations) {
            registrations.forEach(MetricsRegistry.Registration::close);
            registrations.clear();
        }
    }
}
