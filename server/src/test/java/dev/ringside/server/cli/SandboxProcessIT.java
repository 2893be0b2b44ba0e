package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ringside.frontend.BaseConvention;
import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code --sandbox}: all that a disk does goes on inside; what is confined every thread is. */
@Timeout(180)
final class SandboxProcessIT {
    private static final int QUEUES = 2;
    private static final int DEPTH = 16;
    private static final int LONG_MS = 20_000;
    private static final long IMAGE_BYTES = 16 << 20;
    private static final long HOT_ADDRESS = 1L << 36;
    private static final int HOT_BYTES = 2 << 20;

    @TempDir private Path folder = Path.of("/nonexistent");

    private Path socket() {
        return folder.resolve("d.sock");
    }

    private Path control() {
        return folder.resolve("control");
    }

    private String[] command(String... more) throws IOException {
        Path image = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(IMAGE_BYTES);
        }
        List<String> options =
                new ArrayList<>(
                        List.of(
                                "blk",
                                "--socket-path=" + socket(),
                                "--blk-file=" + image,
                                "--num-queues=" + QUEUES,
                                "--shards=2",
                                "--metrics-port=0",
                                "--control-socket=" + control(),
                                "--sandbox"));
        options.addAll(List.of(more));
        return options.toArray(String[]::new);
    }

    private FrontendConnection connect() throws IOException {
        FrontendConnection connection = FrontendConnection.connect(socket());
        connection.timeoutMs(LONG_MS);
        return connection;
    }

    private BlkDriver drive() throws IOException {
        return BlkDriver.start(
                connect(), FrontendMemory.likePc(16 << 20), BlkOptions.defaults().queues(QUEUES));
    }

    private static void assertGoesOn(BlkLoad.Running load) throws IOException {
        long before = load.load().completed();
        long deadline = System.nanoTime() + LONG_MS * 1_000_000L;
        while (load.load().completed() <= before + QUEUES * DEPTH) {
            if (load.ended() || System.nanoTime() > deadline) {
                fail("the load does not go on: " + load.stopAndJoin().summary());
            }
            LockSupport.parkNanos(200_000);
        }
    }

    private static void assertClean(LoadResult result) {
        assertTrue(result.clean(), result.summary());
    }

    /** Every thread, those of the JVM too. */
    private static void assertConfined(long pid) throws IOException {
        String[] threads = new File("/proc/" + pid + "/task").list();
        assertTrue(threads != null && threads.length > 10, "threads of " + pid);
        for (String thread : threads) {
            Path file = Path.of("/proc/" + pid + "/task/" + thread + "/status");
            String status = Files.exists(file) ? Files.readString(file) : "";
            // Workers of io_uring are the kernel's: no filter, but the credentials of the thread.
            boolean worker = status.contains("iou-wrk-");
            if (!status.isEmpty()) {
                assertTrue(worker || status.contains("Seccomp:\t2\n"), status);
                assertTrue(status.contains("NoNewPrivs:\t1\n"), status);
                assertTrue(status.contains("CapEff:\t0000000000000000\n"), status);
                assertTrue(status.contains("CapPrm:\t0000000000000000\n"), status);
            }
        }
    }

    @Test
    void shouldServeAndReconnectAndChangeMemoryAndUpgrade() throws Exception {
        try (RingsideChild first = RingsideChild.start(command())) {
            serveAndUpgrade(first);
        }
        assertFalse(Files.exists(socket()), "the last process removes the sockets' files");
        assertFalse(Files.exists(control()));
    }

    private void serveAndUpgrade(RingsideChild serving) throws Exception {
        String ready = serving.awaitReady();
        assertTrue(ready.contains("; sandbox: Landlock "), ready);
        assertTrue(ready.endsWith("no capabilities"), ready);
        assertConfined(serving.pid());
        try (BlkDriver driver = drive()) {
            assertClean(new BlkLoad(driver, LoadOptions.verified(DEPTH).requests(2_000)).run());
            driver.reconnect(connect(), BaseConvention.USED_INDEX);
            BlkLoad.Running load = new BlkLoad(driver, LoadOptions.verified(DEPTH)).start();
            FrontendRegion hot = FrontendRegion.create(HOT_ADDRESS, HOT_BYTES);
            driver.addMemory(hot);
            assertGoesOn(load);
            driver.removeMemory(hot);
            assertGoesOn(load);
            String metrics = RingsideChild.metrics(address(ready));
            assertTrue(metrics.contains("ringside_session_connected{device=\"d\"} 1"), metrics);
            assertConfined(serving.pid());

            RingsideChild next = RingsideChild.start("upgrade", "--control-socket=" + control());
            ready = next.awaitReady();
            assertEquals(0, serving.awaitExit(), serving.lines().toString());
            serving = next;
            assertTrue(ready.contains("; sandbox: Landlock "), ready);
            assertConfined(serving.pid());
            assertGoesOn(load);
            assertTrue(RingsideChild.metrics(address(ready)).contains("ringside_build_info"));
            assertClean(load.stopAndJoin());
        }
        serving.signal("TERM");
        assertEquals(0, serving.awaitExit(), serving.lines().toString());
        assertFalse(Files.exists(socket()), "the last process removes the sockets' files");
        assertFalse(Files.exists(control()));
    }

    private static String address(String ready) {
        return ready.substring(0, ready.indexOf("; sandbox: "));
    }

    /** A kernel, or a container, without Landlock: here a filter that hides it. */
    @Test
    void shouldRefuseToStartWhereTheKernelLacksLandlock() throws Exception {
        boolean x86 = System.getProperty("os.arch").equals("amd64");
        String hide =
                """
                my $code = pack("SCCL" x 4,
                    0x20, 0, 0, 0,  0x15, 0, 1, 444,  0x06, 0, 0, 0x50026,  0x06, 0, 0, 0x7fff0000);
                my $program = pack("S x6 P", 4, $code);
                syscall(%d, 38, 1, 0, 0, 0) == 0 or die $!;
                syscall(%d, 1, 0, $program) == 0 or die $!;
                """
                        .formatted(x86 ? 157 : 167, x86 ? 317 : 277)
                        .replace('\n', ' ');
        try (var child = RingsideChild.start(RingsideChild.perl(hide), Map.of(), command())) {
            child.assertRefusesToStart(
                    "--sandbox is not possible here: landlock_create_ruleset",
                    "ENOSYS",
                    "container's seccomp profile",
                    "start without it");
        }
        assertFalse(Files.exists(socket()));
    }
}
