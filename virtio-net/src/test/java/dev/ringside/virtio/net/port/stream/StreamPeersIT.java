package dev.ringside.virtio.net.port.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.TestSeeds;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.ports.PacketPorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams to the programs that speak the protocol: passt, and QEMU's {@code -netdev stream}. */
class StreamPeersIT {
    private final MetricsRegistry metrics = new MetricsRegistry();
    private final List<Process> processes = new ArrayList<>();
    @TempDir private Path directory;
    private TestShard shard;

    @BeforeEach
    void open() throws Exception {
        // passt gives up root before it makes its socket.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        shard = new TestShard();
    }

    @AfterEach
    void close() throws Exception {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
        shard.until(() -> shard.handlers() == 0, () -> {});
        shard.close();
    }

    private void start(String... command) throws IOException {
        processes.add(
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("log" + processes.size()).toFile())
                        .start());
    }

    private PacketPort port(Path path) throws IOException {
        return PacketPorts.open("socket:" + path + ",reconnect-ms=20", metrics);
    }

    private void await(PacketPort port, FrameSource source) {
        shard.until(
                port::linkUp,
                () -> {
                    source.poll(64);
                    processes.forEach(process -> assertTrue(process.isAlive(), this::log));
                });
    }

    private String log() {
        try {
            return Files.readString(directory.resolve("log0"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void shouldReachTheHostThroughPasst() throws Exception {
        Path path = directory.resolve("passt");
        start(
                "passt",
                "-f",
                "-4",
                "-s",
                path.toString(),
                "-i",
                "lo",
                "-a",
                "10.0.2.15",
                "-n",
                "24",
                "-g",
                "10.0.2.1",
                "-M",
                "52:54:00:0a:0b:0c",
                "-t",
                "none",
                "-u",
                "none");
        FakeSink receiveq = new FakeSink();
        try (PacketPort port = port(path);
                FrameSink sink = port.openTransmit(shard, 0);
                FrameSource source = port.openReceive(shard, 0, receiveq);
                DatagramSocket host = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            await(port, source);

            send(sink, arpRequest());
            shard.until(() -> find(receiveq, 0x0806).length > 0, () -> source.poll(64));
            byte[] reply = find(receiveq, 0x0806);
            assertEquals(2, ByteBuffer.wrap(reply).getShort(20), "no ARP reply");
            assertEquals(0x0a000201, ByteBuffer.wrap(reply).getInt(28));
            byte[] gateway = Arrays.copyOfRange(reply, 22, 28);

            // The gateway stands for the host's loopback interface.
            byte[] question = "who is there?".getBytes(StandardCharsets.UTF_8);
            send(sink, datagram(gateway, host.getLocalPort(), question));
            DatagramPacket packet = new DatagramPacket(new byte[100], 100);
            host.setSoTimeout(30_000);
            host.receive(packet);
            assertArrayEquals(question, Arrays.copyOf(packet.getData(), packet.getLength()));
            byte[] answer = new byte[1200];
            new Random(3).nextBytes(answer);
            host.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            shard.until(() -> find(receiveq, 0x0800).length > 0, () -> source.poll(64));
            byte[] frame = find(receiveq, 0x0800);
            assertArrayEquals(answer, Arrays.copyOfRange(frame, 42, 42 + answer.length));
        }
    }

    private static void send(FrameSink sink, byte[] frame) {
        assertEquals(Verdict.DONE, sink.put(StreamPortTest.frame(frame)));
        sink.flush();
    }

    private static byte[] find(FakeSink receiveq, int type) {
        for (byte[] frame : receiveq.frames()) {
            if (ByteBuffer.wrap(frame).getShort(12) == type) {
                return frame;
            }
        }
        return new byte[0];
    }

    private static ByteBuffer ethernet(ByteBuffer frame, int type) {
        frame.putInt(0, -1).putShort(4, (short) -1).put(6, new byte[] {0x52, 0x54, 0, 1, 2, 3});
        return frame.position(12).putShort((short) type);
    }

    private static byte[] arpRequest() {
        ByteBuffer frame = ByteBuffer.allocate(60);
        ethernet(frame, 0x0806)
                .putInt(0x00010800)
                .putInt(0x06040001)
                .put(new byte[] {0x52, 0x54, 0, 1, 2, 3})
                .putInt(0x0a00020f)
                .putShort((short) 0)
                .putInt(0)
                .putInt(0x0a000201);
        return frame.array();
    }

    private static byte[] datagram(byte[] to, int port, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(42 + payload.length);
        ethernet(frame, 0x0800);
        frame.put(0, to);
        frame.putShort((short) 0x4500).putShort((short) (28 + payload.length));
        frame.putInt(0).putInt(0x40110000).putInt(0x0a00020f).putInt(0x0a000201);
        int sum = 0;
        for (int i = 14; i < 34; i += 2) {
            sum += Short.toUnsignedInt(frame.getShort(i));
        }
        frame.putShort(24, (short) ~((sum & 0xffff) + (sum >>> 16)));
        // No UDP checksum: IPv4 allows that.
        frame.putShort((short) 40000).putShort((short) port);
        frame.putShort((short) (8 + payload.length)).putShort((short) 0).put(payload);
        return frame.array();
    }

    @Test
    void shouldExchangeFramesThroughQemu() throws Exception {
        Random random = TestSeeds.random("through QEMU");
        Path left = directory.resolve("left");
        Path right = directory.resolve("right");
        start(
                "qemu-system-x86_64",
                "-machine",
                "none",
                "-nodefaults",
                "-display",
                "none",
                "-monitor",
                "none",
                "-netdev",
                stream("a", left),
                "-netdev",
                "hubport,id=ha,hubid=0,netdev=a",
                "-netdev",
                stream("b", right),
                "-netdev",
                "hubport,id=hb,hubid=0,netdev=b");
        FakeSink leftQueue = new FakeSink();
        FakeSink rightQueue = new FakeSink();
        List<byte[]> sent = new ArrayList<>();
        try (PacketPort leftPort = port(left);
                PacketPort rightPort = port(right);
                FrameSink sink = leftPort.openTransmit(shard, 0);
                FrameSink back = rightPort.openTransmit(shard, 0);
                FrameSource leftSource = leftPort.openReceive(shard, 0, leftQueue);
                FrameSource rightSource = rightPort.openReceive(shard, 0, rightQueue)) {
            await(leftPort, leftSource);
            await(rightPort, rightSource);
            int[] echoed = {0};
            shard.until(
                    () -> leftQueue.frames().size() == 500,
                    () -> {
                        // QEMU drops what its other side cannot take at once: so not too much.
                        while (sent.size() < 500 && sent.size() - leftQueue.frames().size() < 2) {
                            byte[] content = content(random);
                            assertEquals(Verdict.DONE, sink.put(StreamPortTest.frame(content)));
                            sent.add(content);
                        }
                        sink.flush();
                        rightSource.poll(64);
                        while (echoed[0] < rightQueue.frames().size()) {
                            back.put(StreamPortTest.frame(rightQueue.frames().get(echoed[0]++)));
                        }
                        back.flush();
                        leftSource.poll(64);
                    });
            for (int i = 0; i < 500; i++) {
                assertArrayEquals(sent.get(i), leftQueue.frames().get(i), "frame " + i);
            }
            processes.getFirst().destroyForcibly().waitFor();
            shard.until(
                    () -> !leftPort.linkUp() && !rightPort.linkUp(),
                    () -> {
                        leftSource.poll(64);
                        rightSource.poll(64);
                    });
            assertFalse(leftPort.linkUp());
        }
    }

    private static byte[] content(Random random) {
        int length = random.nextInt(3) == 0 ? random.nextInt(65_000) : random.nextInt(1500);
        return StreamPortTest.content(random, 14 + length);
    }

    private static String stream(String id, Path path) {
        return "stream,id=" + id + ",server=on,addr.type=unix,addr.path=" + path;
    }
}
