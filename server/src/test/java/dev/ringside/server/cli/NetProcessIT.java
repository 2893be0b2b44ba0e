package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetHeader;
import dev.ringside.frontend.NetOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ringside net} as its operator and its parent process see it. */
final class NetProcessIT {
    private static final long FIRST = 0x525400000001L;
    private static final long SECOND = 0x525400000002L;

    @TempDir private Path folder = Path.of("/nonexistent");

    private Path socket(String name) {
        return folder.resolve(name + ".sock");
    }

    /** A value of --nic with its socket in the folder. */
    private String nic(String name, String options) {
        return "--nic=" + socket(name) + "," + options;
    }

    @Test
    void shouldServeANicUntilASignalAndLeaveNothingBehind() throws Exception {
        try (var child =
                RingsideChild.start(
                        "net", "--socket-path=" + socket("n"), "--port=loopback", "--mtu=1400")) {
            String ready = child.awaitReady();
            assertTrue(ready.contains("NIC n: loopback"), ready);
            assertTrue(ready.contains(socket("n") + " (mode 0600)"), ready);
            assertTrue(ready.contains("1 queue pair of up to 1024"), ready);
            assertTrue(ready.contains("1 shard, adaptive; no metrics"), ready);
            try (TestNic nic = TestNic.connect(socket("n"), NetOptions.defaults())) {
                byte[] frame = TestNic.frame(FIRST, SECOND, 1414, 1);
                nic.send(frame);
                assertArrayEquals(frame, nic.receive());
                child.signal("TERM");
                assertEquals(0, child.awaitExit(), child.lines().toString());
            }
            assertTrue(child.lines().getLast().startsWith("ringside: stopped: SIGTERM"));
            assertEquals(2, child.lines().size(), child.lines().toString());
        }
        assertFalse(Files.exists(socket("n")));
    }

    @Test
    void shouldServeSeveralNicsWithSeveralPairs() throws Exception {
        try (var child =
                RingsideChild.start(
                        "net",
                        nic("a", "port=loopback,queue-pairs=2"),
                        nic("b", "port=null,mac=52:54:00:00:00:02"),
                        "--shards=2",
                        "--metrics-port=0")) {
            String ready = child.awaitReady();
            assertTrue(ready.contains("NIC a: loopback"), ready);
            assertTrue(ready.contains("NIC b: null"), ready);
            assertTrue(ready.contains("2 shards"), ready);
            try (TestNic a = TestNic.connect(socket("a"), NetOptions.defaults().pairs(2));
                    TestNic b = TestNic.connect(socket("b"), NetOptions.defaults())) {
                for (int pair = 0; pair < 2; pair++) {
                    byte[] frame = TestNic.frame(FIRST, SECOND, 200, pair);
                    a.pair(pair).send(NetHeader.PLAIN, frame);
                    assertArrayEquals(frame, a.pair(pair).receive().frame());
                }
                b.send(TestNic.frame(FIRST, SECOND, 60, 0));
                assertArrayEquals(new byte[] {0x52, 0x54, 0, 0, 0, 2}, b.driver().mac());

                String metrics = RingsideChild.metrics(ready);

                assertTrue(
                        metrics.contains(
                                "ringside_net_bytes_total{device=\"a\",direction=\"transmit\","
                                        + "queue=\"3\"} 200"),
                        metrics);
                assertTrue(
                        metrics.contains(
                                "ringside_net_packets_total{device=\"a\",direction=\"receive\","
                                        + "queue=\"0\"} 1"),
                        metrics);
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit());
        }
    }

    @Test
    void shouldServeAnInheritedSocket() throws Exception {
        String script =
                "socket(S, PF_UNIX, SOCK_STREAM, 0) or die; bind(S, sockaddr_un('"
                        + socket("n")
                        + "')) or die; listen(S, 5) or die;"
                        + " push @ARGV, '--nic=fd=' . fileno(S) . ',port=loopback';";
        try (var child = RingsideChild.start(RingsideChild.perl(script), Map.of(), "net")) {
            String ready = child.awaitReady();
            assertTrue(ready.contains("inherited socket "), ready);
            try (TestNic nic = TestNic.connect(socket("n"), NetOptions.defaults())) {
                byte[] frame = TestNic.frame(FIRST, SECOND, 60, 9);
                nic.send(frame);
                assertArrayEquals(frame, nic.receive());
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit());
        }
        assertTrue(Files.exists(socket("n")), "the socket file belongs to the parent");
    }

    @Test
    void shouldSayWhatItCan() throws Exception {
        try (var child = RingsideChild.start("net", "--print-capabilities", "--nonsense")) {
            assertEquals(0, child.awaitExit());
            assertEquals("{\"type\":\"net\",\"features\":[]}\n", child.output());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "port=nonsense | NIC a; unknown scheme \"nonsense\"; null",
                "port=generator,size=1 | NIC a; size=1",
                "port=null,queue-pair=2 | unknown option \"queue-pair\"; queue-pairs",
                "port=null,queue-pairs=129 | queue-pairs=129; from 1 to 128",
                "port=null,mac=01:00:00:00:00:00 | mac=01:00:00:00:00:00; multicast",
            })
    void shouldStartNothingWhenANicCannotBeServed(String options, String words) throws Exception {
        try (var child = RingsideChild.start("net", nic("good", "port=null"), nic("a", options))) {
            child.assertRefusesToStart(words.split("; "));
        }
        assertFalse(Files.exists(socket("good")));
        assertFalse(Files.exists(socket("a")));
    }

    @Test
    void shouldRemoveTheSocketsOfTheNicsBeforeOneThatCannotListen() throws Exception {
        Files.writeString(socket("b"), "somebody's file");

        try (var child = RingsideChild.start("net", nic("a", "port=null"), nic("b", "port=null"))) {
            child.assertRefusesToStart(socket("b").toString());
        }

        assertFalse(Files.exists(socket("a")));
        assertEquals("somebody's file", Files.readString(socket("b")));
    }
}
