package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.NetOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ringside serve}: many devices in one process, each with a front-end. */
@Timeout(300)
final class ServeIT {
    private static final long MAC_A = 0x52_54_00_00_00_01L;
    private static final long MAC_B = 0x52_54_00_00_00_02L;

    @TempDir private Path folder = Path.of("/nonexistent");
    private Path config = Path.of("/nonexistent");

    @BeforeEach
    void writeConfiguration() throws IOException {
        config = Together.disksAndNics(folder, "scratch");
    }

    private String path(String name) {
        return folder.resolve(name).toString();
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

    private static void assertPass(TestNic from, TestNic to, long source, long destination)
            throws IOException {
        byte[] frame = TestNic.frame(destination, source, 100, 7);
        from.send(frame);
        assertArrayEquals(frame, to.receive());
    }

    private static void assertClean(BlkLoad.Running load) throws IOException {
        LoadResult result = load.stopAndJoin();
        assertTrue(result.clean(), result.summary());
    }

    @Test
    void shouldServeDisksAndNicsAndMoveThemToAnotherProcess() throws Exception {
        try (RingsideChild first = RingsideChild.start("serve", config.toString())) {
            String ready = first.awaitReady();
            for (String device : new String[] {"disk root", "disk scratch", "NIC a", "NIC b"}) {
                assertTrue(ready.contains(device), ready);
            }
            try (BlkDriver root = disk("root.sock");
                    BlkDriver scratch = disk("scratch.sock");
                    TestNic a = nic("a.sock");
                    TestNic b = nic("b.sock")) {
                BlkLoad.Running rootLoad = new BlkLoad(root, LoadOptions.verified(8)).start();
                BlkLoad.Running scratchLoad = new BlkLoad(scratch, LoadOptions.verified(8)).start();
                assertPass(a, b, MAC_A, MAC_B);
                // The next process is told what the first one serves; the file may have changed.
                Files.writeString(config, "[disk.other]\n");

                try (RingsideChild next =
                        RingsideChild.start(
                                "upgrade", "--control-socket=" + path("control"), "--shards=1")) {
                    String took = next.awaitReady();
                    assertTrue(took.contains("took over from process") && took.contains("1 shard"));
                    assertEquals(0, first.awaitExit(), first.lines().toString());
                    assertPass(b, a, MAC_B, MAC_A);
                    long before = rootLoad.load().completed();
                    while (rootLoad.load().completed() < before + 100 && !rootLoad.ended()) {
                        Thread.onSpinWait();
                    }
                    assertClean(rootLoad);
                    assertClean(scratchLoad);
                    next.signal("TERM");
                    assertEquals(0, next.awaitExit(), next.lines().toString());
                }
            }
        }
        assertFalse(Files.exists(folder.resolve("root.sock")));
    }

    private void edit(String from, String to) throws IOException {
        String before = Files.readString(config);
        assertTrue(before.contains(from), from);
        Files.writeString(config, before.replace(from, to));
    }

    private static void awaitProgress(BlkLoad.Running load) {
        long before = load.load().completed();
        while (load.load().completed() < before + 100 && !load.ended()) {
            Thread.onSpinWait();
        }
    }

    private void assertServes(String socket) throws IOException {
        try (BlkDriver driver = disk(socket)) {
            BlkLoad.Running load = new BlkLoad(driver, LoadOptions.verified(4)).start();
            awaitProgress(load);
            assertClean(load);
        }
    }

    /** A process that hears SIGHUP, also where whoever runs the tests ignores it. */
    private static RingsideChild hearing(String... arguments) throws IOException {
        return RingsideChild.start(
                RingsideChild.perl("$SIG{HUP} = 'DEFAULT';"), Map.of(), arguments);
    }

    private RingsideChild serving() throws IOException {
        return hearing("serve", config.toString());
    }

    @Test
    void shouldReloadWhileOthersNoticeNothing() throws Exception {
        try (RingsideChild child = serving()) {
            child.awaitReady();
            try (BlkDriver root = disk("root.sock");
                    TestNic a = nic("a.sock")) {
                BlkLoad.Running load = new BlkLoad(root, LoadOptions.verified(8)).start();
                assertServes("scratch.sock");
                edit("[disk.scratch]", "[disk.fresh]");
                edit(path("scratch.sock"), path("fresh.sock"));
                edit("[nic.b]", "[nic.b]\nrate-limit-in = \"1G\"");

                child.signal("HUP");

                assertEquals(
                        "ringside: reloaded %s: removed disk scratch, NIC b; added disk fresh, NIC"
                                        .formatted(config)
                                + " b; 2 untouched",
                        child.await("ringside: reloaded"));
                assertFalse(Files.exists(folder.resolve("scratch.sock")));
                assertServes("fresh.sock");
                try (TestNic b = nic("b.sock")) {
                    assertPass(a, b, MAC_A, MAC_B);
                }
                // What is served now is what another process takes over.
                try (RingsideChild next =
                        hearing("upgrade", "--control-socket=" + path("control"))) {
                    next.awaitReady();
                    assertEquals(0, child.awaitExit(), child.lines().toString());
                    assertServes("fresh.sock");
                    awaitProgress(load);
                    assertClean(load);
                    next.signal("HUP");
                    assertTrue(
                            next.await("ringside: reloaded").endsWith("nothing is to be changed"));
                    next.signal("TERM");
                    assertEquals(0, next.awaitExit(), next.lines().toString());
                }
            }
        }
    }

    @Test
    void shouldServeWhatItDidWhenReloadingFails() throws Exception {
        try (RingsideChild child = serving()) {
            child.awaitReady();
            try (BlkDriver root = disk("root.sock")) {
                BlkLoad.Running load = new BlkLoad(root, LoadOptions.verified(8)).start();
                String right = Files.readString(config);

                edit("[disk.scratch]", "[disk.scratch]\nwrong = 1");
                child.signal("HUP");
                String told = child.await("ringside: warning: not reloaded: ");
                assertTrue(told.contains("has no key 'wrong'"), told);

                Files.writeString(config, right.replace("shards = 2", "shards = 1"));
                child.signal("HUP");
                told = child.await("ringside: warning: not reloaded: ");
                assertTrue(told.contains("[server] is not as it was"), told);

                // What is removed has made room already when the other disk turns out to be wrong.
                Files.writeString(
                        config,
                        right.replace("[disk.scratch]", "[disk.other]")
                                .replace("memory:size=16M", "memory:size=wrong"));
                child.signal("HUP");
                told = child.await("ringside: warning: not reloaded: ");
                assertTrue(told.endsWith("nothing was changed"), told);
                assertServes("scratch.sock");

                awaitProgress(load);
                assertClean(load);
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit(), child.lines().toString());
        }
    }

    @Test
    void shouldServeNoneForAWhile() throws Exception {
        Files.writeString(
                config,
                """
                [disk.only]
                socket-path = "@only.sock"
                backend = "memory:size=16M"
                """
                        .replace("@", folder + "/"));
        try (RingsideChild child = serving()) {
            child.awaitReady();
            edit("16M", "32M");

            child.signal("HUP");

            child.await("ringside: reloaded");
            assertServes("only.sock");
            child.signal("TERM");
            assertEquals(0, child.awaitExit(), child.lines().toString());
        }
    }

    @Test
    void shouldSayWhenItCannotBeReloaded() throws Exception {
        try (RingsideChild child =
                RingsideChild.start(List.of("nohup"), Map.of(), "serve", config.toString())) {
            String told = child.await("ringside: warning: ");
            assertTrue(told.contains("SIGHUP was ignored"), told);
            child.awaitReady();
        }
    }

    @Test
    void shouldCheckAndPrintWithoutServing() throws Exception {
        try (RingsideChild check =
                        RingsideChild.start("serve", config.toString(), "--check-config");
                RingsideChild print =
                        RingsideChild.start(
                                "serve", "--print-effective-config", config.toString())) {
            assertEquals(0, check.awaitExit(), check.lines().toString());
            assertEquals(config + " is right: 2 disks, 2 NICs, 0 uplinks\n", check.output());
            assertEquals(0, print.awaitExit(), print.lines().toString());
            assertTrue(print.output().contains("queue-size = \"1024\"\n"));
        }
        assertFalse(Files.exists(folder.resolve("root.sock")));
    }

    @Test
    void shouldServeNothingWhenOneDeviceCannotBe() throws Exception {
        Files.writeString(
                config,
                Files.readString(config).replace("memory:size=16M", "memory:size=nonsense"));

        try (RingsideChild child = RingsideChild.start("serve", config.toString())) {
            child.assertRefusesToStart("nonsense");
        }
        assertFalse(Files.exists(folder.resolve("root.sock")));
        assertFalse(Files.exists(folder.resolve("control")));
    }
}
