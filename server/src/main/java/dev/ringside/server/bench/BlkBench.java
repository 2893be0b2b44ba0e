package dev.ringside.server.bench;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.LatencyRecorder;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Requests to a disk.
 *
 * @param front the driver: queues, features
 * @param load what it does, without an end
 * @param hugePages the memory is of huge pages of 2 MiB
 */
public record BlkBench(BlkOptions front, LoadOptions load, boolean hugePages) implements Bench {
    // Header and status of a request.
    private static final long SLOT_BYTES = 4096;

    @Override
    public String describe() {
        return (load.random() ? "random " : "sequential ")
                + switch (load.readPercent()) {
                    case 100 -> "read";
                    case 0 -> "write";
                    default -> load.readPercent() + " % read";
                }
                + ", "
                + load.blockBytes()
                + " bytes, depth "
                + load.depth()
                + (load.rate() > 0 ? ", " + load.rate() + " requests/s" : "")
                + (load.verify() ? ", verified" : "")
                + "; "
                + QueueText.of(front.queues(), front.queueSize(), front.features())
                + (load.indirect() ? ", indirect" : "")
                + (load.polled() ? ", polled" : ", interrupts")
                + (hugePages ? ", huge pages" : "");
    }

    @Override
    public String unit() {
        return "requests";
    }

    @Override
    public Turn turn(Side side, long durationNs, LongConsumer progress) throws IOException {
        FrontendConnection connection = Watch.connect(side);
        try (BlkDriver driver =
                BlkDriver.start(connection, BenchMemory.make(bytes(), hugePages), front)) {
            QueueText.check(side, driver.has(VirtioSpec.F_RING_PACKED), front.features());
            LongSupplier cpuNs = Watch.cpuNs(side, connection);
            BlkLoad work = work(driver, durationNs);
            BlkLoad.Running running = work.start();
            Watch.tell(running::ended, work::completed, progress);
            LoadResult result = running.join();
            long usedNs = cpuNs.getAsLong();
            LoadResult after = load.verify() ? readBack(driver, work) : null;
            return turn(result, after, usedNs);
        }
    }

    private BlkLoad work(BlkDriver driver, long durationNs) throws IOException {
        try {
            return new BlkLoad(driver, load.durationNs(durationNs));
        } catch (IllegalArgumentException e) {
            throw new IOException("the disk does not fit the load: " + e.getMessage(), e);
        }
    }

    /** All that was written is read once more. */
    private LoadResult readBack(BlkDriver driver, BlkLoad written) throws IOException {
        LoadOptions all =
                load.readPercent(100)
                        .random(false)
                        .rate(0)
                        .durationNs(0)
                        .requests(written.ledger().blocks());
        return new BlkLoad(driver, all, written.ledger()).run();
    }

    private static Turn turn(LoadResult result, @Nullable LoadResult after, long cpuNs) {
        Map<String, LatencyRecorder> latency = new LinkedHashMap<>();
        if (result.reads() > 0) {
            latency.put("read", result.readLatency());
        }
        if (result.writes() > 0) {
            latency.put("write", result.writeLatency());
        }
        Map<String, Long> faults = new LinkedHashMap<>();
        faults.put("errors", result.errors() + (after == null ? 0 : after.errors()));
        faults.put("mismatches", result.mismatches() + (after == null ? 0 : after.mismatches()));
        return new Turn(
                result.requests(),
                result.requests() * result.blockBytes(),
                result.elapsedNs(),
                latency,
                faults,
                result.kicks(),
                result.calls(),
                cpuNs);
    }

    /** Twice the buffers: those of reading back come behind those of the load. */
    private long bytes() {
        long slots = (long) front.queues() * load.depth();
        long rings = (long) front.queues() * front.queueSize() * 128;
        return 2 * slots * (load.blockBytes() + 2 * SLOT_BYTES) + rings;
    }
}
