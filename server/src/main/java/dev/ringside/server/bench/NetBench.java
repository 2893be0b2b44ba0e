package dev.ringside.server.bench;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.LatencyRecorder;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetLoadOptions.Mode;
import dev.ringside.frontend.NetLoadResult;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Frames to and from a NIC.
 *
 * @param front the driver: queue pairs, features
 * @param load what it does, without an end
 * @param title of the load, for people
 * @param slots buffers of each queue pair, at most
 * @param hugePages the memory is of huge pages of 2 MiB
 */
public record NetBench(
        NetOptions front, NetLoadOptions load, String title, int slots, boolean hugePages)
        implements Bench {
    private static final long SLOT_BYTES = 4096;

    @Override
    public String describe() {
        return title
                + "; "
                + front.pairs()
                + (front.pairs() == 1 ? " pair, " : " pairs, ")
                + QueueText.of(2 * front.pairs(), front.queueSize(), front.features())
                + (hugePages ? ", huge pages" : "");
    }

    @Override
    public String unit() {
        return "frames";
    }

    @Override
    public Turn turn(Side side, long durationNs, LongConsumer progress) throws IOException {
        FrontendConnection connection = Watch.connect(side);
        long bytes = 4L * front.pairs() * slots * SLOT_BYTES;
        try (NetDriver driver =
                NetDriver.start(connection, BenchMemory.make(bytes, hugePages), front)) {
            QueueText.check(side, driver.has(VirtioSpec.F_RING_PACKED), front.features());
            LongSupplier cpuNs = Watch.cpuNs(side, connection);
            NetLoad work = new NetLoad(driver, load.durationNs(durationNs));
            NetLoad.Running running = work.start();
            Watch.tell(running::ended, work::completed, progress);
            NetLoadResult result = running.join();
            return turn(result, cpuNs.getAsLong());
        }
    }

    private static Turn turn(NetLoadResult result, long cpuNs) {
        Map<String, LatencyRecorder> latency = new LinkedHashMap<>();
        if (result.latency().count() > 0) {
            latency.put("round trip", result.latency());
        }
        Map<String, Long> faults = new LinkedHashMap<>();
        if (result.mode() == Mode.LOOP) {
            faults.put("lost", result.lost());
            faults.put("duplicated", result.duplicated());
            faults.put("reordered", result.reordered());
        }
        faults.put("altered", result.altered());
        return new Turn(
                result.frames(),
                result.receivedBytes(),
                result.elapsedNs(),
                latency,
                faults,
                result.kicks(),
                result.calls(),
                cpuNs);
    }
}
