package dev.ringside.virtio.net.port.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.Shown;
import dev.ringside.virtio.net.TestSeeds;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.ports.PacketPorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams of frames over real sockets. */
class StreamPortTest {
    private static final String DROPS = "ringside_net_port_drops_total";
    private static final String ENDED = "ringside_net_stream_disconnections_total";
    private static final String PARTIAL = "ringside_net_stream_partial_writes_total";

    private final MetricsRegistry metrics = new MetricsRegistry();
    private final FakeSink receiveq = new FakeSink().accepting(Offload.NONE);
    @TempDir private Path directory;
    private Path path = Path.of("/");
    private TestShard shard;

    @BeforeEach
    void open() throws Exception {
        path = directory.resolve("s");
        shard = new TestShard();
    }

    @AfterEach
    void close() {
        // The polls of closed sessions come back, and their handlers go.
        shard.until(() -> shard.handlers() == 0, () -> {});
        shard.close();
    }

    private PacketPort port(String options) throws IOException {
        return PacketPorts.open("socket:" + path + options, metrics);
    }

    static Frame frame(byte[] content, int... cuts) {
        Frame frame = new Frame(FrameKeeper.NONE, 1);
        MemorySegment memory = Arena.ofAuto().allocate(content.length);
        MemorySegment.copy(content, 0, memory, ValueLayout.JAVA_BYTE, 0, content.length);
        int at = 0;
        for (int cut : cuts) {
            frame.add(memory, at, cut - at);
            at = cut;
        }
        frame.add(memory, at, content.length - at);
        return frame;
    }

    static byte[] content(Random random, int length) {
        byte[] content = new byte[length];
        random.nextBytes(content);
        return content;
    }

    private static void assertSame(List<byte[]> expected, List<byte[]> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), "frame " + i);
        }
    }

    private void receive(TestPeer peer, int most) {
        try {
            peer.receive(most);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void send(TestPeer peer, int most) {
        try {
            peer.send(most);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void shouldLetInWhomItIsTold() throws Exception {
        for (String[] each :
                new String[][] {
                    {",listen=on", "rw-------"},
                    {",listen=on,mode=0660", "rw-rw----"},
                    {",listen=on,mode=606", "rw----rw-"}
                }) {
            PacketPort port = port(each[0]);
            assertEquals(
                    each[1], PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
            port.close();
        }
        for (String wrong : List.of(",mode=0600", ",listen=on,mode=9", ",listen=on,mode=01777")) {
            String message =
                    String.valueOf(
                            assertThrows(IllegalArgumentException.class, () -> port(wrong))
                                    .getMessage());
            assertTrue(message.contains("mode") && message.contains("octal"), message);
        }
    }

    @Test
    void shouldExchangeFramesWhenItConnected() throws Exception {
        Random random = new Random(1);
        try (ServerSocketChannel listener = TestPeer.listen(path);
                PacketPort port = port("");
                TestPeer peer = TestPeer.accept(listener);
                FrameSink sink = port.openTransmit(shard, 0);
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            assertTrue(port.linkUp());
            assertTrue(port.describe().endsWith(", connected"), port.describe());
            assertEquals(1, port.maxQueuePairs());
            assertEquals(Offload.NONE, sink.accepts());
            List<byte[]> sent = new ArrayList<>();
            for (int length : new int[] {14, 60, 1514, 4095, 4096, 9014, Frame.MAX_BYTES}) {
                byte[] content = content(random, length);
                sent.add(content);
                Frame frame = frame(content, 1, length / 2);
                frame.pull(12);
                assertEquals(Verdict.DONE, sink.put(frame));
                peer.queue(content);
            }
            sink.flush();
            shard.until(
                    () -> peer.frames().size() == 7 && receiveq.frames().size() == 7,
                    () -> {
                        send(peer, 1 << 20);
                        receive(peer, 1 << 20);
                        source.poll(64);
                    });
            assertSame(sent, peer.frames());
            assertSame(sent, receiveq.frames());
            assertTrue(receiveq.flushes() > 0);
        }
    }

    @Test
    void shouldGatherSmallFramesIntoOneWrite() throws Exception {
        try (ServerSocketChannel listener = TestPeer.listen(path);
                PacketPort port = port("");
                TestPeer peer = TestPeer.accept(listener);
                FrameSink sink = port.openTransmit(shard, 0)) {
            for (int i = 0; i < 10; i++) {
                sink.put(frame(new byte[60]));
            }
            receive(peer, 1 << 20);
            assertEquals(0, peer.frames().size());
            sink.flush();
            receive(peer, 1 << 20);
            assertEquals(10, peer.frames().size());
        }
    }

    @Test
    void shouldKeepEveryByteHoweverTheStreamIsSplit() throws Exception {
        Random random = TestSeeds.random("stream splits");
        List<byte[]> down = new ArrayList<>();
        List<byte[]> up = new ArrayList<>();
        try (ServerSocketChannel listener = TestPeer.listen(path);
                PacketPort port = port("");
                TestPeer peer = TestPeer.accept(listener);
                FrameSink sink = port.openTransmit(shard, 0);
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            for (int i = 0; i < 300; i++) {
                byte[] content = content(random, length(random));
                down.add(content);
                peer.queue(content);
            }
            int[] waits = {0};
            shard.until(
                    () ->
                            up.size() == 300
                                    && peer.frames().size() == 300
                                    && receiveq.frames().size() == 300,
                    () -> {
                        send(peer, 1 + random.nextInt(random.nextBoolean() ? 8 : 100_000));
                        receiveq.setRoom(random.nextInt(4));
                        source.poll(1 + random.nextInt(8));
                        for (int i = random.nextInt(8); i > 0 && up.size() < 300; i--) {
                            byte[] content = content(random, length(random));
                            Verdict verdict = sink.put(frame(content, 1 + random.nextInt(13)));
                            waits[0] += verdict == Verdict.LATER ? 1 : 0;
                            if (verdict == Verdict.DONE) {
                                up.add(content);
                            }
                        }
                        sink.flush();
                        // Now and then the peer does not read, so that writes are cut short.
                        if (up.size() == 300 || random.nextInt(4) == 0) {
                            receive(peer, 1 + random.nextInt(200_000));
                        }
                    });
            assertSame(down, receiveq.frames());
            assertSame(up, peer.frames());
            assertTrue(waits[0] > 0, "nothing ever had to wait");
            assertTrue(Shown.counter(metrics, PARTIAL) > 0);
        }
    }

    private static int length(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> 14 + random.nextInt(Frame.MAX_BYTES - 13);
            case 1 -> 4000 + random.nextInt(200);
            default -> 14 + random.nextInt(1500);
        };
    }

    @Test
    void shouldServeOnePeerAfterTheOtherWhenItListens() throws Exception {
        AtomicInteger changes = new AtomicInteger();
        PacketPort port = port(",listen=on");
        try (port;
                FrameSink sink = port.openTransmit(shard, 0);
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            port.onLinkChange(changes::incrementAndGet);
            assertFalse(port.linkUp());
            assertEquals(Verdict.DROPPED, sink.put(frame(new byte[60])));
            assertEquals(1, Shown.counter(metrics, DROPS, "no_peer"));
            for (int round = 1; round <= 3; round++) {
                int already = receiveq.frames().size();
                try (TestPeer peer = TestPeer.connect(path)) {
                    peer.queue(new byte[60]);
                    send(peer, 64);
                    // The beginning of a frame that never ends: it must not be seen by the next.
                    peer.queueRaw(new byte[] {0, 0, 5, 0, 1, 2});
                    send(peer, 64);
                    shard.until(
                            () -> port.linkUp() && receiveq.frames().size() > already,
                            () -> source.poll(64));
                    assertEquals(2 * round - 1, changes.get());
                    sink.put(frame(new byte[100]));
                    sink.flush();
                    receive(peer, 1 << 20);
                    assertEquals(100, peer.frames().getFirst().length);
                }
                shard.until(() -> !port.linkUp(), () -> source.poll(64));
                assertEquals(2 * round, changes.get());
                assertEquals(round, Shown.counter(metrics, ENDED, "peer"));
            }
            assertEquals(3, Shown.counter(metrics, "ringside_net_stream_connections_total"));
        }
        assertFalse(Files.exists(path), "the socket file is still there");
    }

    @Test
    void shouldCloseAConnectionWithAbsurdLengths() throws Exception {
        try (PacketPort port = port(",listen=on");
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            int[] lengths = {-1, Integer.MIN_VALUE, Frame.MAX_BYTES + 1, Integer.MAX_VALUE};
            for (int i = 0; i < lengths.length; i++) {
                try (TestPeer peer = TestPeer.connect(path)) {
                    peer.queue(new byte[14]);
                    peer.queueRaw(ByteBuffer.allocate(4).putInt(lengths[i]).array());
                    peer.queue(new byte[14]);
                    shard.until(() -> port.linkUp(), () -> source.poll(64));
                    send(peer, 1 << 20);
                    shard.until(() -> !port.linkUp(), () -> source.poll(64));
                    assertEquals(i + 1, receiveq.frames().size());
                    assertEquals(i + 1, Shown.counter(metrics, ENDED, "bad_length"));
                    assertFalse(peer.receive(10), "the peer sees no end");
                }
            }
        }
    }

    @Test
    void shouldDropWhatFindsThePeerGoneWhileItMakesRoom() throws Exception {
        Frame large = frame(content(new Random(4), 60_000));
        Verdict[] last = {Verdict.DONE};
        try (ServerSocketChannel listener = TestPeer.listen(path);
                PacketPort port = port("");
                FrameSink sink = port.openTransmit(shard, 0)) {
            try (TestPeer peer = TestPeer.accept(listener)) {
                shard.until(() -> last[0] == Verdict.LATER, () -> last[0] = sink.put(large));
                assertTrue(peer.frames().isEmpty());
            }

            shard.until(() -> last[0] != Verdict.LATER, () -> last[0] = sink.put(large));

            assertEquals(Verdict.DROPPED, last[0]);
        }
    }

    @Test
    void shouldLeaveOutFramesWithoutAnEthernetHeader() throws Exception {
        try (PacketPort port = port(",listen=on");
                FrameSource source = port.openReceive(shard, 0, receiveq);
                TestPeer peer = TestPeer.connect(path)) {
            peer.queue(new byte[0]);
            peer.queue(new byte[13]);
            peer.queue(new byte[14]);
            send(peer, 1 << 20);
            shard.until(() -> !receiveq.frames().isEmpty(), () -> source.poll(64));
            assertEquals(14, receiveq.frames().getFirst().length);
            assertEquals(2, Shown.counter(metrics, DROPS, "runt"));
            assertTrue(port.linkUp());
        }
    }

    @Test
    void shouldConnectAgainAfterTheTimeThatWasAsked() throws Exception {
        shard.setNowNs(5_000_000_000L);
        try (PacketPort port = port(",reconnect-ms=250");
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            assertFalse(port.linkUp());
            shard.turn(0);
            assertEquals(5_250_000_000L, shard.wakeByNs());
            try (ServerSocketChannel listener = TestPeer.listen(path)) {
                shard.setNowNs(5_249_999_999L);
                shard.turn(0);
                assertFalse(port.linkUp());
                assertEquals(5_250_000_000L, shard.wakeByNs());
                shard.setNowNs(5_250_000_000L);
                shard.turn(0);
                assertTrue(port.linkUp());
                TestPeer.accept(listener).close();
                shard.until(() -> !port.linkUp(), () -> source.poll(64));
                shard.turn(0);
                assertFalse(port.linkUp());
                shard.setNowNs(5_500_000_000L);
                shard.turn(0);
                assertTrue(port.linkUp());
            }
        }
    }

    @Test
    void shouldGiveUpWhenItMayNotTryAgain() throws Exception {
        LinuxException refused = assertThrows(LinuxException.class, () -> port(",reconnect-ms=0"));
        assertTrue(refused.getMessage().contains(path.toString()));
        try (ServerSocketChannel listener = TestPeer.listen(path);
                PacketPort port = port(",reconnect-ms=0");
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            TestPeer.accept(listener).close();
            shard.until(() -> !port.linkUp(), () -> source.poll(64));
            shard.setNowNs(Long.MAX_VALUE / 2);
            shard.turn(0);
            assertFalse(port.linkUp());
        }
    }

    @Test
    void shouldKeepTheConnectionFromOneSessionToTheNext() throws Exception {
        Random random = new Random(7);
        try (ServerSocketChannel listener = TestPeer.listen(path);
                PacketPort port = port("");
                TestPeer peer = TestPeer.accept(listener)) {
            byte[] received = content(random, 3000);
            List<byte[]> sent = new ArrayList<>();
            peer.queue(received);
            try (FrameSink sink = port.openTransmit(shard, 0);
                    FrameSource source = port.openReceive(shard, 0, receiveq)) {
                send(peer, 1000);
                shard.until(
                        () -> sent.size() > 3 && !sink.hasRoom(),
                        () -> {
                            source.poll(64);
                            byte[] content = content(random, 60_000);
                            if (sink.put(frame(content)) == Verdict.DONE) {
                                sent.add(content);
                            }
                        });
            }
            try (TestShard next = new TestShard(1)) {
                try (FrameSink sink = port.openTransmit(next, 0);
                        FrameSource source = port.openReceive(next, 0, receiveq)) {
                    assertTrue(port.linkUp());
                    next.until(
                            () ->
                                    peer.frames().size() == sent.size()
                                            && !receiveq.frames().isEmpty(),
                            () -> {
                                send(peer, 1 << 20);
                                receive(peer, 1 << 20);
                                source.poll(64);
                                sink.flush();
                            });
                }
                next.until(() -> next.handlers() == 0, () -> {});
            }
            assertSame(sent, peer.frames());
            assertArrayEquals(received, receiveq.frames().getFirst());
        }
    }

    @Test
    void shouldRefuseWhatMakesNoSense() {
        for (String options :
                new String[] {
                    ",listen=yes", ",listen=on,reconnect-ms=5", ",reconnect-ms=-1", ",mode=1"
                }) {
            assertThrows(IllegalArgumentException.class, () -> port(options), options);
        }
        assertThrows(IllegalArgumentException.class, () -> PacketPorts.open("socket:", metrics));
        path = directory.resolve("x".repeat(200));
        assertThrows(LinuxException.class, () -> port(""));
        assertThrows(LinuxException.class, () -> port(",listen=on"));
    }
}
