package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.NetOptions;
import dev.ringside.server.ctl.CtlCommand;
import dev.ringside.server.options.ExitCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each verb of {@code ringside ctl} at a running process, whose other disk is written and verified
 * meanwhile and must not notice.
 */
@Timeout(300)
final class ControlIT {
    private static final long MAC_A = 0x52_54_00_00_00_01L;
    private static final long MAC_B = 0x52_54_00_00_00_02L;
    private static final long SILENCE_NS = 50_000_000;
    private static final int MIB = 1 << 20;

    /** A load that is stopped on purpose is not a load that hangs. */
    private static final LoadOptions PATIENT = LoadOptions.verified(8).stallNs(300_000_000_000L);

    @TempDir private Path folder = Path.of("/nonexistent");
    private Path config = Path.of("/nonexistent");
    private RingsideChild serving;
    private BlkDriver neighbour;
    private BlkLoad.Running besides;

    @BeforeEach
    void serve() throws IOException {
        config = Together.disksAndNics(folder, "neighbour");
        serving = RingsideChild.start("serve", config.toString());
        serving.awaitReady();
        neighbour = disk("neighbour.sock");
        besides = new BlkLoad(neighbour, PATIENT).start();
    }

    @AfterEach
    void theNeighbourNoticedNothing() throws IOException {
        try (BlkDriver driver = neighbour) {
            assertEquals(2, driver.queues().size());
            LoadResult result = besides.stopAndJoin();
            assertTrue(result.clean(), result.summary());
        } finally {
            serving.close();
        }
    }

    private void image(String name, int mib) throws IOException {
        try (RandomAccessFile image = new RandomAccessFile(folder.resolve(name).toString(), "rw")) {
            image.setLength((long) mib << 20);
        }
    }

    private BlkDriver disk(String socket) throws IOException {
        return BlkDriver.start(
                FrontendConnection.connect(folder.resolve(socket)),
                FrontendMemory.likePc(16 << 20),
                BlkOptions.defaults().queues(2));
    }

    private TestNic nic(String socket) throws IOException {
        return TestNic.connect(folder.resolve(socket), NetOptions.defaults());
    }

    /** What a verb prints; it must end with this status. */
    private String ctl(int status, String... words) throws Exception {
        List<String> arguments =
                new ArrayList<>(List.of("--control-socket=" + folder.resolve("control")));
        arguments.addAll(List.of(words));
        var printed = new ByteArrayOutputStream();
        var print = new PrintStream(printed, true, StandardCharsets.UTF_8);
        int ended = CtlCommand.run(arguments, print, print);
        String text = printed.toString(StandardCharsets.UTF_8);
        assertEquals(status, ended, text);
        return text;
    }

    private String ctl(String... words) throws Exception {
        return ctl(ExitCode.OK, words);
    }

    private void assertRefuses(String why, String... words) throws Exception {
        String told = ctl(ExitCode.FAILED, words);
        assertTrue(told.startsWith("ringside: refused: ") && told.contains(why), told);
    }

    private static void awaitProgress(BlkLoad.Running load, int requests) {
        long before = load.load().completed();
        while (load.load().completed() < before + requests && !load.ended()) {
            Thread.onSpinWait();
        }
    }

    /** Nothing of a load completes while its neighbour does a lot. */
    private void assertStill(BlkLoad.Running load) {
        // What was answered before the pause may still be on its way into the load's count.
        awaitProgress(besides, 200);
        long before = load.load().completed();
        awaitProgress(besides, 1_000);
        assertEquals(before, load.load().completed());
    }

    private static void assertClean(BlkLoad.Running load) throws IOException {
        LoadResult result = load.stopAndJoin();
        assertTrue(result.clean(), result.summary());
    }

    @Test
    void shouldPauseAndResumeADiskUnderLoad() throws Exception {
        try (BlkDriver root = disk("root.sock")) {
            BlkLoad.Running load = new BlkLoad(root, PATIENT).start();
            for (int i = 0; i < 3; i++) {
                awaitProgress(load, 200);

                assertEquals("root is paused\n", ctl("pause", "root"));

                assertStill(load);
                String list = ctl("list");
                assertTrue(list.contains("2 paused"), list);
                assertEquals("root goes on\n", ctl("resume", "root"));
                awaitProgress(load, 200);
            }
            assertClean(load);
        }
        assertRefuses("there is no device x: there are root, neighbour, a, b", "pause", "x");
    }

    @Test
    void shouldStayPausedWhenItsFrontEndComesAgain() throws Exception {
        String paused = ctl("pause", "root");
        assertEquals("root is paused\n", paused);
        for (int i = 0; i < 2; i++) {
            try (BlkDriver root = disk("root.sock")) {
                BlkLoad.Running load = new BlkLoad(root, PATIENT).start();
                assertStill(load);
                assertEquals(0, load.load().completed());
                String ring = ctl("dump-ring", "root", "0");
                assertTrue(ring.contains("used.idx: 0\n") && ring.contains("available"), ring);
                if (i == 1) {
                    String on = ctl("resume", "root");
                    assertEquals("root goes on\n", on);
                    awaitProgress(load, 100);
                    assertClean(load);
                } else {
                    abandon(load);
                }
            }
        }
    }

    /** Its front-end leaves with all requests unanswered, and it says so. */
    private static void abandon(BlkLoad.Running load) {
        load.load().abandon();
        IOException unanswered = assertThrows(IOException.class, load::join);
        assertTrue(String.valueOf(unanswered.getMessage()).contains("in flight"));
    }

    @Test
    void shouldShowRings() throws Exception {
        try (BlkDriver root = disk("root.sock")) {
            BlkLoad.Running load = new BlkLoad(root, PATIENT).start();
            awaitProgress(load, 100);
            for (int i = 0; i < 50; i++) {
                String ring = ctl("dump-ring", "root", "1", "--entries=4");
                assertTrue(ring.startsWith("split ring of "), ring);
                assertTrue(ring.contains("avail.idx: ") && ring.contains(" NEXT"), ring);
            }
            assertClean(load);
        }
        assertRefuses("root has no queue 16: they are 0 to 15", "dump-ring", "root", "16");
        assertRefuses("queue 0 of root is not started", "dump-ring", "root", "0");
    }

    @Test
    void shouldCount() throws Exception {
        try (BlkDriver root = disk("root.sock")) {
            var io = new BlkIo(root, 0, MIB);
            assertEquals(BlkSpec.S_OK, io.write(0, new byte[MIB]));
            String stats = ctl("stats", "root");
            assertTrue(stats.startsWith("DISK  READS  MiB"), stats);
            assertTrue(stats.matches("(?s).*\nroot +0 +0.0 +- +1 +1.0 .*"), stats);

            String rates = ctl("stats", "--interval=1", "--count=1");

            assertTrue(rates.contains("WRITES/s") && rates.contains("SENT/s"), rates);
            assertTrue(rates.contains("\nneighbour "), rates);
            assertTrue(ctl("stats", "--output=json").contains("\"ringside_blk_requests_total{"));
        }
    }

    @Test
    void shouldTellTheDriverOfAnotherSize() throws Exception {
        try (BlkDriver root = disk("root.sock")) {
            assertEquals(16 * MIB, root.capacityBytes());
            BlkLoad.Running load = new BlkLoad(root, PATIENT.range(0, 8 * MIB)).start();
            awaitProgress(load, 100);

            assertEquals("root has 33554432 bytes\n", ctl("resize", "root", "32M"));
            root.awaitConfigChange();
            assertEquals(32 * MIB, root.capacityBytes());

            assertRefuses("would become smaller", "resize", "root", "16M");
            assertEquals("root has 16777216 bytes\n", ctl("resize", "root", "16M", "--shrink"));
            root.awaitConfigChange();
            assertEquals(16 * MIB, root.capacityBytes());
            assertEquals(16L * MIB, Files.size(folder.resolve("root.img")));

            image("root.img", 24);
            assertEquals("root has 25165824 bytes\n", ctl("resize", "root"));
            root.awaitConfigChange();
            assertEquals(24 * MIB, root.capacityBytes());
            assertRefuses("not a multiple of the block size", "resize", "root", "25165825");
            awaitProgress(load, 100);
            assertClean(load);
            assertTrue(ctl("list").contains("2 running"), "it was resumed");
        }
        assertRefuses("keeps its size", "resize", "neighbour", "32M");
        assertRefuses("no disk", "resize", "a", "32M");
    }

    private static void assertPass(TestNic from, TestNic to, long source, long destination)
            throws IOException {
        byte[] frame = TestNic.frame(destination, source, 100, 7);
        from.send(frame);
        assertArrayEquals(frame, to.receive());
    }

    @Test
    void shouldPullAPlugAndPutItInAgain() throws Exception {
        try (TestNic a = nic("a.sock");
                TestNic b = nic("b.sock")) {
            assertPass(a, b, MAC_A, MAC_B);
            assertTrue(b.driver().linkUp());

            assertEquals("the link of b is down\n", ctl("link", "b", "down"));

            b.driver().awaitConfigChange();
            assertFalse(b.driver().linkUp());
            a.send(TestNic.frame(MAC_B, MAC_A, 100, 8));
            assertNull(b.pair(0).receive(SILENCE_NS));
            assertTrue(ctl("show", "b").contains("link: down\n"));
            String up = ctl("link", "b", "up");
            assertEquals("the link of b is up\n", up);
            b.driver().awaitConfigChange();
            assertTrue(b.driver().linkUp());
            assertPass(a, b, MAC_A, MAC_B);
            assertPass(b, a, MAC_B, MAC_A);
        }
        assertRefuses("no NIC", "link", "root", "down");
    }

    @Test
    void shouldPauseANic() throws Exception {
        try (TestNic a = nic("a.sock");
                TestNic b = nic("b.sock")) {
            assertPass(a, b, MAC_A, MAC_B);
            String paused = ctl("pause", "b");
            assertEquals("b is paused\n", paused);
            a.send(TestNic.frame(MAC_B, MAC_A, 100, 8));
            assertNull(b.pair(0).receive(SILENCE_NS));
            // What its guest sends meanwhile waits.
            byte[] waiting = TestNic.frame(MAC_A, MAC_B, 100, 9);
            b.pair(0).submit(dev.ringside.frontend.NetHeader.PLAIN, waiting);
            assertNull(a.pair(0).receive(SILENCE_NS));

            String on = ctl("resume", "b");

            assertEquals("b goes on\n", on);
            assertArrayEquals(waiting, a.receive());
            b.pair(0).awaitSent();
            assertPass(a, b, MAC_A, MAC_B);
        }
    }

    @Test
    void shouldCaptureWhatPasses() throws Exception {
        Path file = folder.resolve("b.pcapng");
        try (TestNic a = nic("a.sock");
                TestNic b = nic("b.sock")) {
            assertPass(a, b, MAC_A, MAC_B);
            assertRefuses("has no capture option: say which file", "capture", "b", "start");
            String begun = ctl("capture", "b", "start", "--file=" + file, "--snaplen=64");
            assertEquals("b is captured to " + file + "\n", begun);
            assertPass(a, b, MAC_A, MAC_B);
            assertPass(b, a, MAC_B, MAC_A);
            assertRefuses("already", "capture", "b", "start", "--file=" + file + "2");

            String ended = ctl("capture", "b", "stop");

            assertEquals("the capture of b has ended: 2 frames, 0 dropped\n", ended);
            assertTrue(Files.size(file) > 2 * 64, "two frames");
            assertPass(a, b, MAC_A, MAC_B);
            assertRefuses("not being captured", "capture", "b", "stop");
            assertRefuses("exists", "capture", "b", "start", "--file=" + file);
            assertRefuses("no NIC", "capture", "root", "stop");
        }
    }

    @Test
    void shouldAddAndRemoveAndApply() throws Exception {
        String added =
                ctl(
                        "add",
                        "disk",
                        "more",
                        "socket-path=" + folder.resolve("more.sock"),
                        "backend=memory:size=16M");
        assertEquals("added disk more; 4 untouched\n", added);
        try (BlkDriver more = disk("more.sock")) {
            BlkLoad.Running load = new BlkLoad(more, PATIENT).start();
            awaitProgress(load, 100);
            assertRefuses("more has a front-end", "remove", "more");
            assertTrue(ctl("config").contains("[disk.more]"));
            Files.writeString(config, Files.readString(config).replace("[nic.a]", "[nic.c]"));

            String kept = ctl("apply", "--keep-added");

            assertEquals("removed NIC a; added NIC c; 4 untouched\n", kept);
            awaitProgress(load, 100);
            assertClean(load);
        }
        String applied = ctl("apply", config.toString());
        assertEquals("removed disk more; 4 untouched\n", applied);
        assertFalse(Files.exists(folder.resolve("more.sock")));

        assertRefuses("has no key 'size'", "add", "disk", "x", "size=1");
        assertRefuses("is served already", "add", "disk", "root", "backend=null:size=1G");
        assertRefuses("there is no disk, NIC or uplink x", "remove", "x");
        assertEquals("removed NIC c; 3 untouched\n", ctl("remove", "c"));
        try (BlkDriver root = disk("root.sock")) {
            assertEquals("removed disk root; 2 untouched\n", ctl("remove", "root", "--force"));
            assertEquals(2, root.queues().size());
        }
    }

    @Test
    void shouldTakeAlongWhatAnOperatorDidWhenAnotherProcessTakesOver() throws Exception {
        try (BlkDriver root = disk("root.sock");
                TestNic b = nic("b.sock")) {
            BlkLoad.Running load = new BlkLoad(root, PATIENT).start();
            awaitProgress(load, 100);
            ctl("pause", "root");
            ctl("link", "b", "down");
            b.driver().awaitConfigChange();
            ctl("capture", "a", "start", "--file=" + folder.resolve("a.pcapng"));
            String socket = "socket-path=" + folder.resolve("more.sock");
            ctl("add", "disk", "more", socket, "backend=memory:size=16M");
            ctl("drain", "--timeout=0");

            try (RingsideChild next =
                    RingsideChild.start(
                            "upgrade", "--control-socket=" + folder.resolve("control"))) {
                next.awaitReady();
                assertEquals(0, serving.awaitExit(), serving.lines().toString());

                String list = ctl("list");
                assertTrue(list.contains("2 paused") && list.contains("connected, drain"), list);
                assertTrue(ctl("show", "b").contains("link: down\n"));
                assertStill(load);
                ctl("drain", "--undo");
                ctl("link", "b", "up");
                b.driver().awaitConfigChange();
                assertTrue(b.driver().linkUp());
                ctl("resume", "root");
                awaitProgress(load, 100);
                assertClean(load);
                assertTrue(ctl("capture", "a", "stop").contains("0 frames"));
                assertTrue(Files.exists(folder.resolve("a.pcapng.2")));
                assertEquals("nothing is to be changed\n", ctl("apply", "--keep-added"));
                assertTrue(ctl("apply").startsWith("removed disk more"));
                assertClean(besides);
            }
        }
    }

    @Test
    void shouldDrainAndShutDown() throws Exception {
        TestNic a = nic("a.sock");
        String waiting = ctl("drain", "--timeout=0");
        assertTrue(waiting.endsWith("still connected: neighbour, a\n"), waiting);
        String list = ctl("list");
        assertTrue(list.contains("none, draining"), list);
        a.close();
        String late = ctl(ExitCode.FAILED, "drain", "--timeout=1");
        assertTrue(late.endsWith("still connected: neighbour\n"), late);
        assertClean(besides);
        neighbour.close();
        String drained = ctl("drain");
        assertEquals("no front-end is connected any more, and none is accepted\n", drained);
        ctl("drain", "--undo");
        try (BlkDriver root = disk("root.sock")) {
            BlkLoad.Running load = new BlkLoad(root, PATIENT).start();
            awaitProgress(load, 100);
            assertClean(load);
        }

        assertEquals("the process has ended\n", ctl("shutdown"));

        assertEquals(0, serving.awaitExit(), serving.lines().toString());
        assertTrue(
                serving.lines().getLast().startsWith("ringside: stopped: ringside ctl shutdown"),
                serving.lines().toString());
        assertFalse(Files.exists(folder.resolve("root.sock")));
    }

    @Test
    void shouldTellItsVersionAndMethods() throws Exception {
        assertTrue(ctl("version").contains("process " + serving.pid() + ", control protocol 1"));
        assertTrue(ctl("methods").matches("(?s).*\ndevice.pause +change +name .*"));
        assertTrue(ctl("call", "device.show", "{\"name\":\"root\"}").contains("\"capacity\""));
        assertRefuses("there is no method nothing", "call", "nothing");
        assertRefuses(
                "there is no parameter 'x'", "call", "device.show", "{\"name\":\"root\",\"x\":1}");
    }
}
