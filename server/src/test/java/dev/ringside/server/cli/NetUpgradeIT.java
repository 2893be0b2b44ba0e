package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ringside upgrade} of NICs: all of a process move at once, with what they hold open. */
@Timeout(300)
final class NetUpgradeIT {
    private static final int UPGRADES = Integer.getInteger("ringside.upgrades", 3);
    private static final int FRAMES = 50;
    private static final long A = 0x525400000001L;
    private static final long B = 0x525400000002L;
    private static final Path INTERFACES = Path.of("/sys/class/net");

    @TempDir private Path folder = Path.of("/nonexistent");

    private final String tap = "rs-up%d".formatted(ProcessHandle.current().pid() % 1_000_000);

    private Path socket(String name) {
        return folder.resolve(name + ".sock");
    }

    private String nic(String name, String options) {
        return "--nic=" + socket(name) + "," + options;
    }

    private String control() {
        return "--control-socket=" + folder.resolve("control");
    }

    private String read(String file) throws IOException {
        return Files.readString(INTERFACES.resolve(tap).resolve(file)).strip();
    }

    @Test
    void shouldMoveSwitchTapAndCaptureWithTheirNics() throws Exception {
        Path capture = folder.resolve("a.pcapng");
        RingsideChild serving =
                RingsideChild.start(
                        "net",
                        nic(
                                "a",
                                "switch=lan,mac=52:54:00:00:00:01,queue-pairs=2,capture="
                                        + capture),
                        nic("b", "switch=lan,mac=52:54:00:00:00:02"),
                        nic("c", "tap=" + tap),
                        nic("d", "port=loopback,rate-limit-out=1G"),
                        "--shards=2",
                        control());
        serving.awaitReady();
        String index = read("ifindex");
        try (TestNic a = TestNic.connect(socket("a"), NetOptions.defaults().pairs(2));
                TestNic b = TestNic.connect(socket("b"), NetOptions.defaults());
                TestNic c = TestNic.connect(socket("c"), NetOptions.defaults());
                TestNic d = TestNic.connect(socket("d"), NetOptions.defaults())) {
            for (int i = 0; i <= UPGRADES; i++) {
                exchange(a, b, d, i);
                long before = Long.parseLong(read("statistics/rx_packets"));
                for (int frame = 0; frame < FRAMES; frame++) {
                    c.send(TestNic.frame(A, B, 200, frame));
                }
                awaitAtLeast(before + FRAMES);
                assertEquals(index, read("ifindex"), "the interface is the same one");
                if (i < UPGRADES) {
                    RingsideChild next = RingsideChild.start("upgrade", control());
                    String ready = next.awaitReady();
                    assertTrue(ready.contains("took over"), ready);
                    assertEquals(0, serving.awaitExit(), serving.lines().toString());
                    serving = next;
                }
            }
            serving.signal("TERM");
            assertEquals(0, serving.awaitExit(), serving.lines().toString());
        } finally {
            serving.close();
        }
        for (int i = 2; i <= UPGRADES + 1; i++) {
            assertTrue(Files.size(folder.resolve("a.pcapng." + i)) > FRAMES * 100L);
        }
        assertFalse(Files.exists(INTERFACES.resolve(tap)), "the last one lets the TAP go");
    }

    private static void exchange(TestNic a, TestNic b, TestNic d, int round) throws IOException {
        for (int frame = 0; frame < FRAMES; frame++) {
            byte[] there = TestNic.frame(B, A, 100 + frame, round + frame);
            a.send(there);
            assertArrayEquals(there, b.receive());
            byte[] back = TestNic.frame(A, B, 1000 + frame, round);
            b.send(back);
            assertArrayEquals(back, a.receive());
            byte[] loop = TestNic.frame(A, B, 60 + frame, round);
            d.send(loop);
            assertArrayEquals(loop, d.receive());
        }
    }

    private void awaitAtLeast(long frames) throws IOException {
        while (Long.parseLong(read("statistics/rx_packets")) < frames) {
            Thread.onSpinWait();
        }
    }
}
