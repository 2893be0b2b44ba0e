package dev.ringside.server.engine;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.vhostuser.RingState;
import dev.ringside.vhostuser.SessionLimits;
import dev.ringside.virtqueue.IotlbCounter;
import dev.ringside.virtqueue.QueueCounter;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The counters of one device's sessions and queues. They outlive sessions. Each queue's are written
 * by its shard, the others by the conductor.
 */
final class EndpointStats implements AutoCloseable {
    private final Counters<SessionCounter> sessions = new Counters<>(SessionCounter.class);
    private final Counters<IotlbCounter> translations = new Counters<>(IotlbCounter.class);
    private volatile int translationEntries;
    private volatile int memoryRegions;
    private volatile long mappedBytes;
    private final List<Counters<QueueCounter>> queues = new ArrayList<>();
    private final List<Counters<RingFault>> faults = new ArrayList<>();
    private final AtomicReferenceArray<@Nullable Fault> broken;
    private final List<MetricsRegistry.Registration> registrations = new ArrayList<>();

    /** Why and when a queue stopped itself. */
    private record Fault(RingFault reason, Instant since) {}

    EndpointStats(
            VirtioDevice device,
            MetricsRegistry metrics,
            SessionLimits limits,
            BooleanSupplier connected,
            BooleanSupplier paused,
            IntSupplier descriptors) {
        broken = new AtomicReferenceArray<>(device.queueCount());
        final Map<String, String> deviceLabels = Map.of("device", device.name());
        registrations.add(metrics.register(deviceLabels, sessions));
        registrations.add(metrics.register(deviceLabels, translations));
        registrations.add(
                metrics.gauge(
                        "ringside_iotlb_entries",
                        "Translations that the front-end's IOMMU has given and not taken back.",
                        deviceLabels,
                        () -> translationEntries));
        registrations.add(
                metrics.gauge(
                        "ringside_session_connected",
                        "1 while a front-end is connected.",
                        deviceLabels,
                        () -> connected.getAsBoolean() ? 1 : 0));
        registrations.add(
                metrics.gauge(
                        "ringside_session_descriptors",
                        "Descriptors of the front-end that are open here, or being closed.",
                        deviceLabels,
                        descriptors::getAsInt));
        registrations.add(
                metrics.gauge(
                        "ringside_device_paused",
                        "1 while the operator has the device take nothing from its queues.",
                        deviceLabels,
                        () -> paused.getAsBoolean() ? 1 : 0));
        registerLimits(metrics, deviceLabels, limits);
        for (int index = 0; index < device.queueCount(); index++) {
            final Counters<QueueCounter> counters = new Counters<>(QueueCounter.class);
            final Counters<RingFault> faultCounters = new Counters<>(RingFault.class);
            final Map<String, String> labels =
                    Map.of("device", device.name(), "queue", Integer.toString(index));
            queues.add(counters);
            faults.add(faultCounters);
            registrations.add(metrics.register(labels, counters));
            registrations.add(metrics.register(labels, faultCounters));
            registrations.add(
                    metrics.gauge(
                            "ringside_queue_in_flight",
                            "Descriptor chains taken from the ring and not returned yet.",
                            labels,
                            () -> inFlight(counters)));
            final int queue = index;
            registrations.add(
                    metrics.gauge(
                            "ringside_queue_broken_timestamp_seconds",
                            "When the queue stopped itself, in Unix time; 0: it has not.",
                            labels,
                            () -> brokenSince(queue)));
        }
    }

    private long brokenSince(int queue) {
        final Fault fault = broken.get(queue);
        return fault == null ? 0 : fault.since().getEpochSecond();
    }

    /** Conductor only: a queue as the session sees it and as it was counted. */
    QueueStatus status(RingState ring, boolean packed, boolean paused, int shard) {
        final Counters<QueueCounter> counters = queues.get(ring.index());
        final Fault fault = broken.get(ring.index());
        return new QueueStatus(
                ring.index(),
                QueueStatus.state(ring, paused),
                ring.size(),
                packed ? "packed" : "split",
                shard,
                inFlight(counters),
                counters.get(QueueCounter.CHAINS),
                counters.get(QueueCounter.KICKS),
                counters.get(QueueCounter.CALLS),
                fault == null ? null : fault.reason().label(),
                fault == null ? null : fault.since().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    /** Conductor only: what stopped the queue is over, it starts anew. */
    void mended(int queue) {
        broken.set(queue, null);
    }

    /** Conductor only: nothing is left of what its front-end shared and broke. */
    void sessionEnded() {
        memory(0, 0);
        for (int queue = 0; queue < queues.size(); queue++) {
            mended(queue);
        }
    }

    private void registerLimits(
            MetricsRegistry metrics, Map<String, String> labels, SessionLimits limits) {
        registrations.add(
                metrics.gauge(
                        "ringside_session_memory_regions",
                        "Regions of memory that the front-end shares.",
                        labels,
                        () -> memoryRegions));
        registrations.add(
                metrics.gauge(
                        "ringside_session_mapped_bytes",
                        "Sum of the regions' sizes.",
                        labels,
                        () -> mappedBytes));
        final Map<String, Long> most =
                Map.of(
                        "memory-slots", (long) limits.maxRegions(),
                        "mapped-memory", limits.maxMappedBytes(),
                        "descriptors", (long) limits.maxDescriptors(),
                        "message-rate", (long) limits.maxReadsPerSecond());
        most.forEach(
                (limit, value) ->
                        registrations.add(
                                metrics.gauge(
                                        "ringside_session_limit",
                                        "What a front-end may use at most.",
                                        Map.of(
                                                "device",
                                                labels.getOrDefault("device", ""),
                                                "limit",
                                                limit),
                                        () -> value)));
    }

    // Completed first: a chain that comes and goes between the two reads must not count as -1.
    private static long inFlight(Counters<QueueCounter> counters) {
        final long completed = counters.get(QueueCounter.COMPLETED);
        return Math.max(0, counters.get(QueueCounter.CHAINS) - completed);
    }

    Counters<QueueCounter> queue(int index) {
        return queues.get(index);
    }

    /** Conductor only. */
    void countFault(int queue, RingFault fault) {
        faults.get(queue).increment(fault);
        broken.set(queue, new Fault(fault, Instant.now()));
    }

    /** Conductor only. */
    void count(SessionCounter counter) {
        sessions.increment(counter);
    }

    /** Conductor only. */
    void count(IotlbCounter counter) {
        translations.increment(counter);
    }

    /** Conductor only. */
    void translations(int entries) {
        translationEntries = entries;
    }

    /** Conductor only. */
    void memory(int regions, long bytes) {
        memoryRegions = regions;
        mappedBytes = bytes;
    }

    @Override
    public void close() {
        registrations.forEach(MetricsRegistry.Registration::close);
    }
}
