package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BaseConvention;
import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.ProcessUsage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Limits of a process of its own. How exact they are {@code bench/compare limits} measures; that
 * nothing passes too early holds on any machine.
 */
@Timeout(300)
final class LimitIT {
    private static final long LIMIT_MS = 60_000;
    private static final int DISK_BYTES = 8 << 20;
    private static final double SECOND_NS = 1e9;

    @TempDir private Path folder = Path.of("/nonexistent");

    private RingsideChild serveBlk(String... limits) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve("disk").toFile(), "rw")) {
            file.setLength(DISK_BYTES);
        }
        String[] all = new String[limits.length + 4];
        all[0] = "blk";
        all[1] = "--socket-path=" + folder.resolve("d.sock");
        all[2] = "--blk-file=" + folder.resolve("disk");
        all[3] = "--num-queues=4";
        System.arraycopy(limits, 0, all, 4, limits.length);
        RingsideChild child = RingsideChild.start(all);
        child.awaitReady();
        return child;
    }

    private BlkDriver drive(String socket, int queues) throws IOException {
        BlkDriver driver =
                BlkDriver.start(
                        FrontendConnection.connect(folder.resolve(socket), LIMIT_MS),
                        FrontendMemory.likePc(32 << 20),
                        BlkOptions.defaults().queues(queues));
        driver.protocol().connection().timeoutMs(LIMIT_MS);
        return driver;
    }

    private static LoadOptions verified() {
        return LoadOptions.verified(16).stallNs(LIMIT_MS * 1_000_000);
    }

    private static void assertClean(LoadResult result) {
        assertTrue(result.clean(), result.summary());
    }

    /** What may pass in a time: the rate, a burst, and a slice for each queue. */
    private static void assertNotTooEarly(long requests, int iops, int queues, long elapsedNs) {
        double most = iops * elapsedNs / SECOND_NS + 0.1 * iops + 1 + queues;
        assertTrue(requests <= most, requests + " requests, at most " + most);
    }

    @Test
    void shouldKeepTheRateAndLetTheShardSleep() throws Exception {
        int iops = 200;
        try (RingsideChild child = serveBlk("--iops=" + iops);
                BlkDriver driver = drive("d.sock", 4)) {
            long cpuBefore = ProcessUsage.cpuNs(child.pid());
            long startNs = System.nanoTime();
            LoadResult result = new BlkLoad(driver, verified().requests(400)).run();
            long elapsedNs = System.nanoTime() - startNs;
            assertClean(result);
            assertNotTooEarly(result.requests(), iops, 4, elapsedNs);
            double busy = (double) (ProcessUsage.cpuNs(child.pid()) - cpuBefore) / elapsedNs;
            assertTrue(busy < 0.5, "the process was busy for " + busy + " of the time");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "KILL"})
    void shouldLoseNothingWhenItEndsWhileRequestsWaitForALimit(String signal) throws Exception {
        RingsideChild child = serveBlk("--iops=10", "--bps-write=1M");
        try (BlkDriver driver = drive("d.sock", 4)) {
            BlkLoad load = new BlkLoad(driver, verified());
            BlkLoad.Running running = load.start();
            while (load.completed() < 10) {
                LockSupport.parkNanos(1_000_000);
            }
            child.signal(signal);
            assertEquals(signal.equals("TERM") ? 0 : 137, child.awaitExit());
            child = serveBlk();
            driver.reconnect(
                    FrontendConnection.connect(folder.resolve("d.sock"), LIMIT_MS),
                    BaseConvention.USED_INDEX);
            long before = load.completed();
            while (load.completed() < before + 500 && !running.ended()) {
                LockSupport.parkNanos(1_000_000);
            }
            assertClean(running.stopAndJoin());
        } finally {
            child.close();
        }
    }

    @Test
    void shouldFollowTheControlSocketAndTakeThatAlongInAnUpgrade() throws Exception {
        String control = "--control-socket=" + folder.resolve("control");
        Ctl ctl = new Ctl(folder.resolve("control"));
        try (RingsideChild old = serveBlk("--iops=10", control);
                BlkDriver driver = drive("d.sock", 4)) {
            BlkLoad.Running running = new BlkLoad(driver, verified()).start();
            assertEquals(
                    "d has bps-write=1048576 iops=20\n",
                    ctl.run("set-limits", "d", "iops=20", "bps-write=1M"));
            try (RingsideChild next = RingsideChild.start("upgrade", control)) {
                next.awaitReady();
                assertEquals(0, old.awaitExit(), old.lines().toString());
                assertEquals("d has bps-write=1048576 iops=20\n", ctl.run("set-limits", "d"));
                String shown = ctl.run("show", "d");
                assertTrue(shown.contains("\nlimits: iops=20 bps-write=1048576\n"), shown);
                assertEquals(
                        "d has no limits\n",
                        ctl.run("set-limits", "d", "iops=off", "bps-write=off"));
                long before = running.load().completed();
                while (running.load().completed() < before + 2000 && !running.ended()) {
                    LockSupport.parkNanos(1_000_000);
                }
                assertClean(running.stopAndJoin());
            }
        }
    }

    private Path configure(String disk, String group) throws IOException {
        Path config = folder.resolve("ringside.toml");
        Files.writeString(
                config,
                """
                [server]
                shards = 2
                metrics-port = 0

                [disk.a]
                socket-path = "@a.sock"
                backend = "memory:size=8M"
                limit-group = "both"

                [disk.b]
                socket-path = "@b.sock"
                backend = "memory:size=8M"
                limit-group = "both"
                %s

                [limit-group.both]
                %s
                """
                        .formatted(disk, group)
                        .replace("@", folder + "/"));
        return config;
    }

    private static double limitOfBoth(String ready) throws IOException {
        String series = "ringside_limit_group_limit{group=\"both\",limit=\"iops\"} ";
        return RingsideChild.metrics(ready)
                .lines()
                .filter(line -> line.startsWith(series))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length())))
                .sum();
    }

    @Test
    void shouldShareAGroupAndFollowAReloadThatNobodyNotices() throws Exception {
        int iops = 100;
        Path config = configure("", "iops = " + iops);
        try (RingsideChild child = RingsideChild.start("serve", config.toString())) {
            String ready = child.awaitReady();
            assertEquals(iops, limitOfBoth(ready));
            try (BlkDriver a = drive("a.sock", 2);
                    BlkDriver b = drive("b.sock", 2)) {
                long startNs = System.nanoTime();
                BlkLoad.Running first = new BlkLoad(a, verified()).start();
                BlkLoad.Running second = new BlkLoad(b, verified()).start();
                while (first.load().completed() < 60 || second.load().completed() < 60) {
                    LockSupport.parkNanos(1_000_000);
                }
                long both = first.load().completed() + second.load().completed();
                assertNotTooEarly(both, iops, 4, System.nanoTime() - startNs);

                configure("iops = 20", "iops = 1000000");
                child.signal("HUP");

                String line = child.await("ringside: reloaded ");
                assertTrue(
                        line.endsWith(
                                "changed the limits of limit group both, disk b; 1 untouched"),
                        line);
                assertEquals(1_000_000, limitOfBoth(ready));
                long before = first.load().completed();
                while (first.load().completed() < before + 5000 && !first.ended()) {
                    LockSupport.parkNanos(1_000_000);
                }
                assertClean(first.stopAndJoin());
                assertClean(second.stopAndJoin());
            }
        }
    }
}
