package dev.ringside.server.status;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.DeviceStatus;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.QueueStatus;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** Reads how the process is. Any thread but the engine's. */
public final class StatusReader {
    /** The method of the control socket that gives a {@link ServerStatus}. */
    public static final String METHOD = "process.status";

    private static final long PATIENCE_MS = 2_000;

    private final Engine engine;
    private final MetricsRegistry registry;
    private final String version;

    /**
     * Reads nothing yet.
     *
     * @param version of Ringside
     */
    public StatusReader(Engine engine, MetricsRegistry registry, String version) {
        this.engine = engine;
        this.registry = registry;
        this.version = version;
    }

    /**
     * How it is now.
     *
     * @throws IllegalStateException when the engine does not answer
     */
    public ServerStatus read() throws InterruptedException {
        List<String> failures = engine.failures(PATIENCE_MS);
        List<DeviceStatus> devices = engine.status();
        var totals = new Totals();
        registry.visit(totals);
        ProcessHandle process = ProcessHandle.current();
        Instant now = Instant.now();
        Instant start = process.info().startInstant().orElse(now);
        return new ServerStatus(
                version,
                process.pid(),
                now.truncatedTo(ChronoUnit.MILLIS).toString(),
                ChronoUnit.SECONDS.between(start, now),
                System.nanoTime(),
                engine.notReady(),
                failures,
                LatencyHistogram.exportedBoundsNs(),
                totals.shards(),
                devices.stream().map(device -> activity(device, totals)).toList());
    }

    private static DeviceActivity activity(DeviceStatus device, Totals totals) {
        String name = device.device();
        List<Long> fill = new ArrayList<>();
        for (QueueStatus queue : device.queues()) {
            fill.add(totals.waiting(name, queue.queue(), queue.inFlight()));
        }
        return new DeviceActivity(
                device, totals.operations(name), totals.errors(name), totals.drops(name), fill);
    }
}
