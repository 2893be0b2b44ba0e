package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.NetHeader;
import dev.ringside.frontend.NetIo;
import dev.ringside.frontend.NetOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ringside net} as its operator and its parent process see it. */
final class NetProcessIT {
    private static final long FIRST = 0x525400000001L;
    private static final long SECOND = 0x525400000002L;
    private static final long BROADCAST = 0xffffffffffffL;
    private static final String CAPTURE = "ringside: capture of NIC ";
    private static final Path INTERFACES = Path.of("/sys/class/net");

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
                "port=nonsense | NIC a; unknown scheme \"nonsense\"; tap:NAME; switch:NAME; null",
                "port=generator,size=1 | NIC a; size=1",
                "port=null,queue-pair=2 | unknown option \"queue-pair\"; queue-pairs",
                "port=null,queue-pairs=129 | queue-pairs=129; from 1 to 128",
                "tap=name-too-long-for-linux | name-too-long-for-linux; 15",
                "switch=lan,vlan=4095 | NIC a; vlan=4095; from 1 to 4094",
                "switch=lan,trunk=1:2 | trunk=1:2; 10+20",
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

    @Test
    void shouldCarryFramesBetweenTwoNicsOnASwitch() throws Exception {
        try (var child =
                RingsideChild.start(
                        "net",
                        nic("a", "switch=lan,mac=52:54:00:00:00:01"),
                        nic("b", "switch=lan,mac=52:54:00:00:00:02"),
                        nic("c", "switch=lan,vlan=5"),
                        "--shards=2",
                        "--metrics-port=0")) {
            String ready = child.awaitReady();
            assertTrue(ready.contains("NIC a: switch lan"), ready);
            try (TestNic a = TestNic.connect(socket("a"), NetOptions.defaults());
                    TestNic b = TestNic.connect(socket("b"), NetOptions.defaults());
                    TestNic c = TestNic.connect(socket("c"), NetOptions.defaults())) {
                assertTrue(c.driver().linkUp());
                for (int i = 0; i < 20; i++) {
                    byte[] question = TestNic.frame(SECOND, FIRST, 60 + 70 * i, i);
                    a.send(question);
                    assertArrayEquals(question, b.receive());
                    byte[] answer = TestNic.frame(FIRST, SECOND, 1514 - i, -i);
                    b.send(answer);
                    assertArrayEquals(answer, a.receive());
                }
                byte[] all = TestNic.frame(BROADCAST, FIRST, 64, 0);
                a.send(all);
                assertArrayEquals(all, b.receive());

                String metrics = RingsideChild.metrics(ready);

                assertSample(metrics, "ringside_net_switch_frames_total", 21, "in", "a");
                assertSample(metrics, "ringside_net_switch_frames_total", 0, "out", "c");
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit(), child.lines().toString());
        }
    }

    /** Some sample of that metric has all these label values. */
    private static void assertSample(String page, String metric, long value, String... labels) {
        assertTrue(
                page.lines()
                        .filter(line -> line.startsWith(metric + "{"))
                        .filter(line -> line.endsWith(" " + value + ".0"))
                        .anyMatch(
                                line ->
                                        Stream.of(labels)
                                                .allMatch(l -> line.contains('"' + l + '"'))),
                metric + " " + List.of(labels) + " is not " + value + " in " + page);
    }

    @Test
    void shouldConnectASwitchToTheHostAndRemoveTheTapAgain() throws Exception {
        String tap = "rs-cli%d".formatted(ProcessHandle.current().pid() % 1_000_000);
        try (var child =
                RingsideChild.start(
                        "net",
                        nic("a", "switch=lan,mac=52:54:00:00:00:01"),
                        "--uplink=tap:" + tap + ",queues=2,trunk=7,native=1",
                        "--shards=2")) {
            String ready = child.awaitReady();
            assertTrue(ready.contains("switch lan, uplink "), ready);
            assertTrue(ready.contains(tap), ready);
            assertTrue(Files.exists(INTERFACES.resolve(tap)));
            child.signal("TERM");
            assertEquals(0, child.awaitExit(), child.lines().toString());
        }
        assertFalse(Files.exists(INTERFACES.resolve(tap)));
    }

    @Test
    void shouldConnectTwoSwitchesByTheirUplinks() throws Exception {
        String wire = folder.resolve("wire").toString();
        try (var child =
                RingsideChild.start(
                        "net",
                        nic("a", "switch=x"),
                        nic("b", "switch=y"),
                        "--uplink=socket:" + wire + ",listen=on,switch=x,port=out",
                        "--uplink=socket:" + wire + ",switch=y",
                        "--shards=2")) {
            String ready = child.awaitReady();
            assertTrue(ready.contains("switch x, uplink out"), ready);
            try (TestNic a = TestNic.connect(socket("a"), NetOptions.defaults());
                    TestNic b = TestNic.connect(socket("b"), NetOptions.defaults())) {
                byte[] frame = TestNic.frame(BROADCAST, FIRST, 64, 0);
                NetIo.Received received;
                do {
                    // Until the two have found each other frames are dropped.
                    a.send(frame);
                    received = b.pair(0).receive(100_000_000);
                } while (received == null);
                assertArrayEquals(frame, received.frame());
                byte[] answer = TestNic.frame(FIRST, SECOND, 1000, 1);
                b.send(answer);
                assertArrayEquals(answer, a.receive());
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit(), child.lines().toString());
        }
    }

    @Test
    void shouldCaptureFromTheStartAndAgainAfterASignal() throws Exception {
        Path file = folder.resolve("a.pcapng");
        try (var child = RingsideChild.start("net", nic("a", "port=loopback,capture=" + file))) {
            String ready = child.awaitReady();
            assertTrue(ready.contains("capture to " + file), ready);
            try (TestNic nic = TestNic.connect(socket("a"), NetOptions.defaults())) {
                echo(nic, 3);
                child.signal("USR2");
                assertTrue(child.await(CAPTURE + "a off: ").contains("6 frames, 0 dropped"));
                echo(nic, 2);
                child.signal("USR2");
                assertTrue(child.await(CAPTURE + "a on: ").endsWith(file + ".2"));
                echo(nic, 1);
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit(), child.lines().toString());
        }
        assertEquals(6, framesIn(file));
        assertEquals(2, framesIn(Path.of(file + ".2")));
    }

    @Test
    void shouldNotCaptureBeforeItIsAskedTo() throws Exception {
        Path file = folder.resolve("a.pcapng");
        try (var child =
                RingsideChild.start(
                        "net",
                        "--socket-path=" + socket("a"),
                        "--port=loopback",
                        "--capture=" + file + ",snaplen=64,start=off")) {
            child.awaitReady();
            try (TestNic nic = TestNic.connect(socket("a"), NetOptions.defaults())) {
                echo(nic, 1);
                assertFalse(Files.exists(file));
                child.signal("USR2");
                child.await(CAPTURE + "a on: ");
                echo(nic, 1);
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit(), child.lines().toString());
        }
        assertEquals(2, framesIn(file));
    }

    private static void echo(TestNic nic, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            byte[] frame = TestNic.frame(FIRST, SECOND, 500, i);
            nic.send(frame);
            assertArrayEquals(frame, nic.receive());
        }
    }

    /** Enhanced packet blocks of a pcapng file: section 4.3 of its draft. */
    private static int framesIn(Path file) throws IOException {
        ByteBuffer blocks =
                ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
        int frames = 0;
        for (int at = 0; at < blocks.capacity(); at += blocks.getInt(at + 4)) {
            frames += blocks.getInt(at) == 6 ? 1 : 0;
        }
        return frames;
    }

    @Test
    void shouldStartNothingWhenACaptureCannotBeWritten() throws Exception {
        Path file = folder.resolve("none").resolve("a.pcapng");
        try (var child = RingsideChild.start("net", nic("a", "port=null,capture=" + file))) {
            child.assertRefusesToStart("NIC a", file.toString());
        }
        assertFalse(Files.exists(socket("a")));
    }

    @Test
    void shouldLimitWhatTheGuestSends() throws Exception {
        try (var child =
                RingsideChild.start(
                        "net", nic("a", "port=loopback,rate-limit-out=100pps,,burst=1p"))) {
            String ready = child.awaitReady();
            assertTrue(ready.contains("transmit up to 100 packets/s"), ready);
            try (TestNic nic = TestNic.connect(socket("a"), NetOptions.defaults())) {
                echo(nic, 1);
                long startNs = System.nanoTime();
                echo(nic, 50);
                // Fewer would have passed only if the limit did: a slow machine does not matter.
                assertTrue(System.nanoTime() - startNs >= 480_000_000L);
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit(), child.lines().toString());
        }
    }

    @Test
    void shouldRemoveTheTapAgainWhenTheStartFails() throws Exception {
        String tap = "rs-clj%d".formatted(ProcessHandle.current().pid() % 1_000_000);
        Files.writeString(socket("b"), "somebody's file");

        try (var child =
                RingsideChild.start(
                        "net", nic("a", "tap=" + tap + ",queue-pairs=2"), nic("b", "port=null"))) {
            child.assertRefusesToStart(socket("b").toString());
        }

        assertFalse(Files.exists(INTERFACES.resolve(tap)));
    }

    @Test
    void shouldTellTheWayOutWhenTheFrontEndWantsMorePairs() throws Exception {
        try (var child = RingsideChild.start("net", nic("n", "port=null"))) {
            child.awaitReady();
            try (var frontEnd = FrontendConnection.connect(socket("n"))) {
                // SET_VRING_NUM of the second pair's receiveq: 0 and 1 are the first's, 2 controls.
                frontEnd.send(8, 1, new byte[] {3, 0, 0, 0, 0, 1, 0, 0});
                String line = child.await("ringside: warning: session on ");

                assertTrue(line.contains("raise --queue-pairs, or lower QEMU's queues="), line);
            }
        }
    }
}
