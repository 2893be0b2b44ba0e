package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BaseConvention;
import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLedger;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A Ringside that dies under load, again and again, between two stores of its rings and in-flight
 * region, and comes back: the driver never sees an error, a stale block, or a request twice.
 */
final class RecoveryIT {
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private static final int KILLS = Integer.getInteger("ringside.kills", 3);
    private static final long LIMIT_MS = 60_000;
    private static final int MEMORY_BYTES = 32 << 20;
    private static final int DISK_BYTES = 8 << 20;
    private static final int KILLED = 137;

    /** So many places are reached within a fraction of a second. */
    private static final int MOST_PLACES = 30_000;

    @TempDir private Path folder = Path.of("/nonexistent");

    private final Random random = new Random(SEED);

    private RingsideChild serve(String crashpoints) throws IOException {
        var options =
                crashpoints.isEmpty()
                        ? Map.<String, String>of()
                        : Map.of("JDK_JAVA_OPTIONS", "-Dringside.crashpoints=" + crashpoints);
        var child =
                RingsideChild.start(
                        List.of(),
                        options,
                        "blk",
                        "--socket-path=" + folder.resolve("d.sock"),
                        "--blk-file=" + folder.resolve("disk"),
                        "--num-queues=4",
                        "--shards=2");
        child.awaitReady();
        return child;
    }

    private FrontendConnection connect() throws IOException {
        return FrontendConnection.connect(folder.resolve("d.sock"), LIMIT_MS);
    }

    private String soon() {
        return Integer.toString(1 + random.nextInt(MOST_PLACES));
    }

    private void makeDisk() throws IOException {
        try (var file = new RandomAccessFile(folder.resolve("disk").toFile(), "rw")) {
            file.setLength(DISK_BYTES);
        }
    }

    private static void assertKept(BlkDriver driver, BlkLedger ledger) throws IOException {
        LoadOptions readAll =
                LoadOptions.verified(8).random(false).readPercent(100).requests(ledger.blocks());
        LoadResult result = new BlkLoad(driver, readAll, ledger).run();
        assertTrue(result.clean(), result.summary());
        assertTrue(ledger.known() > 0, "nothing was written, so nothing was checked");
    }

    @ParameterizedTest
    @CsvSource({
        "QEMU, USED_INDEX, 1, false",
        "QEMU, USED_INDEX, 4, false",
        "CLOUD_HYPERVISOR, AVAILABLE_INDEX, 1, false",
        "CLOUD_HYPERVISOR, AVAILABLE_INDEX, 4, false",
        "QEMU, USED_INDEX, 1, true",
        "QEMU, USED_INDEX, 4, true",
        "CLOUD_HYPERVISOR, AVAILABLE_INDEX, 4, true"
    })
    void shouldLoseNothingWhenKilledUnderLoad(
            StartOrder order, BaseConvention convention, int queues, boolean packed)
            throws Exception {
        System.out.println("RecoveryIT: replay with -Dringside.seed=" + SEED);
        makeDisk();
        BlkOptions split = BlkOptions.defaults().order(order).queues(queues);
        BlkOptions options = packed ? split.with(VirtioSpec.F_RING_PACKED) : split;
        RingsideChild child = serve(soon());
        try (BlkDriver driver =
                BlkDriver.start(connect(), FrontendMemory.likePc(MEMORY_BYTES), options)) {
            driver.protocol().connection().timeoutMs(LIMIT_MS);
            BlkLoad load =
                    new BlkLoad(driver, LoadOptions.verified(16).stallNs(LIMIT_MS * 1_000_000));
            BlkLoad.Running running = load.start();
            for (int kill = 1; kill <= KILLS; kill++) {
                assertEquals(KILLED, child.awaitExit(), () -> "seed " + SEED);
                child = serve(kill < KILLS ? soon() : "");
                try {
                    driver.reconnect(connect(), convention);
                } catch (IOException e) {
                    // It died again before it had answered everything.
                    assertTrue(kill < KILLS, () -> e + ", seed " + SEED);
                }
            }
            long before = load.completed();
            while (load.completed() < before + 500 && !running.ended()) {
                Thread.onSpinWait();
            }
            LoadResult result = running.stopAndJoin();
            assertTrue(result.clean(), () -> result.summary() + ", seed " + SEED);
            assertKept(driver, load.ledger());
        } finally {
            child.close();
        }
    }

    @Test
    void shouldSayWhatItDoesAgain() throws Exception {
        makeDisk();
        RingsideChild child = serve("5000");
        try (BlkDriver driver =
                BlkDriver.start(
                        connect(), FrontendMemory.likePc(MEMORY_BYTES), BlkOptions.defaults())) {
            BlkLoad load =
                    new BlkLoad(driver, LoadOptions.verified(16).stallNs(LIMIT_MS * 1_000_000));
            BlkLoad.Running running = load.start();
            assertEquals(KILLED, child.awaitExit());
            child = serve("");
            driver.reconnect(connect(), BaseConvention.USED_INDEX);

            assertTrue(
                    child.await("ringside: warning: device d: queue 0: ")
                            .endsWith(" requests were in flight and are done again"));
            assertTrue(running.stopAndJoin().clean());
        } finally {
            child.close();
        }
    }
}
