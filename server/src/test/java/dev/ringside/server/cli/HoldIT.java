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
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.server.component.FillingStorage;
import dev.ringside.server.component.FillingStorage.Kind;
import dev.ringside.server.component.LostStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A host that runs out of space under a verified load, and the guest that notices nothing. */
@Timeout(300)
final class HoldIT {
    private static final long LIMIT_MS = 60_000;
    private static final int MEMORY_BYTES = 32 << 20;
    private static final int DISK_BYTES = 8 << 20;
    private static final int QUEUES = 2;
    private static final int DEPTH = 16;
    private static final String WAIT =
            "ringside: warning: device d: requests wait for the storage since ";
    private static final String OVER = "ringside: warning: device d: the storage works again";

    @TempDir private Path folder = Path.of("/nonexistent");
    private String ready = "";

    private RingsideChild serve(FillingStorage storage) throws IOException {
        return serve(storage.disk());
    }

    private RingsideChild serve(Path disk) throws IOException {
        RingsideChild child =
                RingsideChild.start(
                        "blk",
                        "--socket-path=" + folder.resolve("d.sock"),
                        "--blk-file=" + disk,
                        "--on-error=hold",
                        "--num-queues=" + QUEUES,
                        "--shards=2",
                        "--metrics-port=0",
                        "--control-socket=" + folder.resolve("control"));
        ready = child.awaitReady();
        return child;
    }

    private FrontendConnection connect() throws IOException {
        return FrontendConnection.connect(folder.resolve("d.sock"), LIMIT_MS);
    }

    private BlkDriver drive(boolean packed) throws IOException {
        BlkOptions split = BlkOptions.defaults().queues(QUEUES);
        BlkDriver driver =
                BlkDriver.start(
                        connect(),
                        FrontendMemory.likePc(MEMORY_BYTES),
                        packed ? split.with(VirtioSpec.F_RING_PACKED) : split);
        driver.protocol().connection().timeoutMs(LIMIT_MS);
        return driver;
    }

    private static BlkLoad load(BlkDriver driver) {
        return new BlkLoad(driver, LoadOptions.verified(DEPTH).stallNs(LIMIT_MS * 1_000_000));
    }

    private static void assertGoesOnAndHasKeptAll(BlkDriver driver, BlkLoad.Running running)
            throws IOException {
        BlkLoad load = running.load();
        long before = load.completed();
        while (load.completed() < before + 500 && !running.ended()) {
            LockSupport.parkNanos(1_000_000);
        }
        LoadResult result = running.stopAndJoin();
        assertTrue(result.clean(), result.summary());
        BlkLedger ledger = load.ledger();
        LoadOptions readAll =
                LoadOptions.verified(8).random(false).readPercent(100).requests(ledger.blocks());
        LoadResult read = new BlkLoad(driver, readAll, ledger).run();
        assertTrue(read.clean(), read.summary());
        assertTrue(ledger.known() > 0, "nothing was written, so nothing was checked");
    }

    private double metric(String name) throws IOException {
        return RingsideChild.metrics(ready)
                .lines()
                .filter(line -> line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf("} ") + 2)))
                .sum();
    }

    /** All that the driver may have under way are writes after a while, and wait. */
    private void awaitAllHeld() throws IOException {
        while (metric("ringside_blk_held_requests") < DEPTH * QUEUES) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldHoldUntilThereIsSpace(Kind kind) throws Exception {
        try (FillingStorage storage = new FillingStorage(kind, folder, DISK_BYTES);
                RingsideChild child = serve(storage);
                BlkDriver driver = drive(false)) {
            BlkLoad.Running running = load(driver).start();
            String told = child.await(WAIT);
            assertTrue(told.contains("(ENOSPC)"), told);
            awaitAllHeld();
            try (RingsideChild ctl =
                    RingsideChild.start(
                            "ctl", "--control-socket=" + folder.resolve("control"), "show", "d")) {
                assertEquals(0, ctl.awaitExit());
                String shown = ctl.output();
                assertTrue(shown.contains("\ntrouble: 32 requests wait for the storage"), shown);
            }
            assertTrue(metric("ringside_blk_held_since_timestamp_seconds") > 0);
            assertEquals(0, metric("ringside_blk_errors_total"));

            storage.free();

            child.await(OVER);
            assertGoesOnAndHasKeptAll(driver, running);
            assertEquals(0, metric("ringside_blk_errors_total"));
            assertEquals(0, metric("ringside_blk_held_requests"));
            child.signal("TERM");
            assertEquals(0, child.awaitExit());
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldHoldUntilLostStorageIsThereAgain(LostStorage.Failure failure) throws Exception {
        try (LostStorage storage = new LostStorage(failure, folder, DISK_BYTES);
                RingsideChild child = serve(storage.disk());
                BlkDriver driver = drive(false)) {
            BlkLoad.Running running = load(driver).start();
            while (running.load().completed() < 100) {
                LockSupport.parkNanos(1_000_000);
            }

            storage.lose();

            String told = child.await(WAIT);
            assertTrue(told.contains("(" + failure + ")"), told);
            awaitAllHeld();
            storage.find();
            child.await(OVER);
            assertGoesOnAndHasKeptAll(driver, running);
            assertEquals(0, metric("ringside_blk_errors_total"));
            child.signal("TERM");
            assertEquals(0, child.awaitExit());
        }
    }

    @ParameterizedTest
    @CsvSource({"TERM, false", "TERM, true", "KILL, false"})
    void shouldLeaveWhatWaitsToTheNextProcess(String signal, boolean packed) throws Exception {
        try (FillingStorage storage = new FillingStorage(Kind.EXT4, folder, DISK_BYTES)) {
            RingsideChild child = serve(storage);
            try (BlkDriver driver = drive(packed)) {
                BlkLoad.Running running = load(driver).start();
                child.await(WAIT);
                awaitAllHeld();

                child.signal(signal);
                assertEquals(signal.equals("TERM") ? 0 : 137, child.awaitExit());
                child = serve(storage);
                driver.reconnect(connect(), BaseConvention.USED_INDEX);
                child.await(WAIT);
                storage.free();

                assertGoesOnAndHasKeptAll(driver, running);
            } finally {
                child.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void shouldHandWhatWaitsOverToAnUpgrade(boolean packed) throws Exception {
        try (FillingStorage storage = new FillingStorage(Kind.EXT4, folder, DISK_BYTES);
                RingsideChild old = serve(storage);
                BlkDriver driver = drive(packed)) {
            BlkLoad.Running running = load(driver).start();
            old.await(WAIT);
            awaitAllHeld();

            try (RingsideChild next =
                    RingsideChild.start(
                            "upgrade", "--control-socket=" + folder.resolve("control"))) {
                ready = next.awaitReady();
                assertEquals(0, old.awaitExit(), old.lines().toString());
                awaitAllHeld();
                storage.free();

                assertGoesOnAndHasKeptAll(driver, running);
                assertEquals(0, metric("ringside_blk_errors_total"));
            }
        }
    }
}
