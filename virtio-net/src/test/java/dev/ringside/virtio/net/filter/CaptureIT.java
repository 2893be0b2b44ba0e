package dev.ringside.virtio.net.filter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.TestSeeds;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.ports.PacketPorts;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Captures as tshark and capinfos read them. */
class CaptureIT {
    private static final int FRAMES = 200;

    @TempDir private Path directory;

    @Test
    void shouldBeReadByTsharkAsItWasSent() throws Exception {
        Random random = TestSeeds.random("capture for tshark");
        Path file = directory.resolve("c.pcapng");
        FakeSink receiveq = new FakeSink();
        Frame frame = new Frame(FrameKeeper.NONE, 1);
        try (TestShard shard = new TestShard();
                CapturePort port =
                        CapturePort.around(
                                PacketPorts.open("loopback", new MetricsRegistry()), "vm1-nic0");
                FrameSink sink = port.openTransmit(shard, 0);
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            Capture capture = port.start(file, CapturePort.WHOLE_FRAMES);
            for (int i = 0; i < FRAMES; i++) {
                frame.clear();
                byte[] content = CaptureTest.content(random, 14 + random.nextInt(9000));
                frame.add(MemorySegment.ofArray(content), 0, content.length);
                sink.put(frame);
            }
            CaptureTest.finish(capture);
            assertEquals(0, source.poll(1));
        }
        List<String> lines =
                new String(
                                run(
                                        "tshark",
                                        "-n",
                                        "-r",
                                        file.toString(),
                                        "-T",
                                        "fields",
                                        "-e",
                                        "frame.len",
                                        "-e",
                                        "frame.interface_name",
                                        "-e",
                                        "frame.packet_flags_direction"),
                                StandardCharsets.UTF_8)
                        .lines()
                        .toList();
        assertEquals(2 * FRAMES, lines.size());
        for (int i = 0; i < FRAMES; i++) {
            String start = receiveq.frames().get(i).length + "\tvm1-nic0\t";
            assertDirection(start, 2, lines.get(2 * i));
            assertDirection(start, 1, lines.get(2 * i + 1));
        }
        // The same packets in the old format, written by tshark, read here.
        Path old = directory.resolve("c.pcap");
        run("tshark", "-r", file.toString(), "-F", "pcap", "-w", old.toString());
        ByteBuffer packets =
                ByteBuffer.wrap(Files.readAllBytes(old))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .position(24);
        for (int i = 0; i < 2 * FRAMES; i++) {
            packets.position(packets.position() + 8);
            byte[] bytes = new byte[packets.getInt()];
            assertEquals(bytes.length, packets.getInt());
            packets.get(bytes);
            assertArrayEquals(receiveq.frames().get(i / 2), bytes, "packet " + i);
        }
        String infos = new String(run("capinfos", "-M", file.toString()), StandardCharsets.UTF_8);
        assertTrue(infos.matches("(?s).*File type: +.*pcapng\\n.*"), infos);
        assertTrue(infos.contains("nanoseconds (9)"), infos);
        assertTrue(infos.contains("Name = vm1-nic0"), infos);
    }

    private static void assertDirection(String start, int direction, String line) {
        // As a number, or as 0x and the number.
        assertTrue(line.startsWith(start) && line.endsWith(String.valueOf(direction)), line);
    }

    private byte[] run(String... command) throws Exception {
        Path errors = directory.resolve("errors");
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        byte[] output = process.getInputStream().readAllBytes();
        assertEquals(0, process.waitFor(), () -> String.join(" ", command) + read(errors));
        return output;
    }

    private static String read(Path file) {
        try {
            return ": " + Files.readString(file);
        } catch (java.io.IOException e) {
            return ": " + e;
        }
    }
}
