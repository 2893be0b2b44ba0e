package dev.ringside.virtio.net.filter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.TestSeeds;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.ports.PacketPorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Captures, read by a reader of our own; {@link CaptureIT} has them read by others. */
class CaptureTest {
    private final FakeSink receiveq = new FakeSink();
    private final Frame frame = new Frame(FrameKeeper.NONE, 2);
    @TempDir private Path directory;
    private TestShard shard;
    private CapturePort port;

    @BeforeEach
    void open() throws Exception {
        shard = new TestShard();
        port = CapturePort.around(PacketPorts.open("loopback", new MetricsRegistry()), "eth7");
    }

    @AfterEach
    void close() {
        port.close();
        shard.close();
    }

    private Frame frame(byte[] content) {
        frame.clear();
        MemorySegment memory = MemorySegment.ofArray(content);
        frame.add(memory, 0, content.length / 2);
        frame.add(memory, content.length / 2, content.length - content.length / 2);
        return frame;
    }

    static byte[] content(Random random, int length) {
        byte[] content = new byte[length];
        random.nextBytes(content);
        return content;
    }

    /** Polls until it is over, as the server's thread does. */
    static void finish(Capture capture) {
        capture.stop();
        long deadlineNs = System.nanoTime() + 30_000_000_000L;
        while (capture.poll() != Capture.OVER) {
            assertTrue(System.nanoTime() - deadlineNs < 0, "it does not end");
        }
        assertTrue(capture.isOver());
    }

    @Test
    void shouldCaptureBothDirectionsFromStartToStop() throws Exception {
        Random random = TestSeeds.random("capture");
        Path file = directory.resolve("c.pcapng");
        try (FrameSink sink = port.openTransmit(shard, 0);
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            sink.put(frame(new byte[60]));
            Instant before = Instant.now();
            Capture capture = port.start(file, CapturePort.WHOLE_FRAMES);
            assertThrows(IllegalStateException.class, () -> port.start(file, 100));
            for (int i = 0; i < 1000; i++) {
                int length = random.nextInt(10) == 0 ? Frame.MAX_BYTES : 1500;
                byte[] content = content(random, 14 + random.nextInt(length - 13));
                assertEquals(Verdict.DONE, sink.put(frame(content)));
                while (i % 16 == 0 && capture.poll() > 0) {
                    assertNull(capture.failure());
                }
            }
            finish(capture);
            sink.put(frame(new byte[60]));
            assertEquals(0, source.poll(1));

            PcapBlocks blocks = PcapBlocks.read(Files.readAllBytes(file));
            assertEquals(1, blocks.sections());
            assertEquals(2000, blocks.packets().size());
            assertEquals(2000, blocks.received());
            assertEquals(0, blocks.dropped());
            assertEquals(2000, capture.packets());
            long last = before.getEpochSecond() * 1_000_000_000L + before.getNano() - 1_000_000;
            for (int i = 0; i < 1000; i++) {
                // Put into the port, and from there into the receiveq: that one is done first, but
                // claimed last.
                byte[] expected = receiveq.frames().get(i + 1);
                PcapBlocks.Packet out = blocks.packets().get(2 * i);
                PcapBlocks.Packet in = blocks.packets().get(2 * i + 1);
                assertArrayEquals(expected, out.bytes(), "frame " + i);
                assertArrayEquals(expected, in.bytes(), "frame " + i);
                assertEquals(expected.length, out.frameBytes());
                assertEquals(PcapNg.OUTBOUND, out.direction());
                assertEquals(PcapNg.INBOUND, in.direction());
                assertTrue(last <= out.timeNs() && out.timeNs() <= in.timeNs(), "time runs back");
                last = in.timeNs();
            }
        }
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void shouldKeepTheFirstBytesOnlyWhenAskedTo() throws Exception {
        Path file = directory.resolve("c.pcapng");
        try (FrameSink sink = port.openTransmit(shard, 0)) {
            Capture capture = port.start(file, 65);
            sink.put(frame(content(new Random(1), 1500)));
            sink.put(frame(content(new Random(2), 64)));
            finish(capture);
        }
        List<PcapBlocks.Packet> packets = PcapBlocks.read(Files.readAllBytes(file)).packets();
        assertArrayEquals(Arrays.copyOf(content(new Random(1), 1500), 65), packets.get(0).bytes());
        assertEquals(1500, packets.get(0).frameBytes());
        assertEquals(64, packets.get(1).bytes().length);
        assertThrows(IllegalArgumentException.class, () -> port.start(file, 13));
        assertThrows(IOException.class, () -> port.start(directory.resolve("a/b"), 65));
    }

    @Test
    void shouldCaptureAFrameOnceThatHadToWait() throws Exception {
        Path file = directory.resolve("c.pcapng");
        try (FrameSink sink = port.openTransmit(shard, 0);
                FrameSource source = port.openReceive(shard, 0, new Reluctant(receiveq))) {
            Capture capture = port.start(file, 2000);
            byte[] content = content(new Random(1), 700);
            for (int i = 0; i < 5; i++) {
                while (sink.put(frame(content)) == Verdict.LATER) {
                    capture.poll();
                }
            }
            finish(capture);
            assertEquals(0, source.poll(1));
        }
        assertEquals(10, PcapBlocks.read(Files.readAllBytes(file)).packets().size());
    }

    /** Says that it has room, and then every other time that it has not. */
    private record Reluctant(FakeSink inner) implements FrameSink {
        @Override
        public Verdict put(Frame frame) {
            inner.setRoom((inner.refusals() + inner.frames().size()) % 2);
            return inner.put(frame);
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public int accepts() {
            return inner.accepts();
        }
    }

    @Test
    void shouldCountWhatItCannotCaptureAndStallNobody() throws Exception {
        Path file = directory.resolve("c.pcapng");
        int count = 10_000;
        try (FrameSink sink = port.openTransmit(shard, 0)) {
            Capture capture = port.start(file, CapturePort.WHOLE_FRAMES);
            byte[] content = new byte[1500];
            for (int i = 0; i < count; i++) {
                ByteBuffer.wrap(content).putInt(i);
                assertEquals(Verdict.DROPPED, sink.put(frame(content))); // there is no receiveq
            }
            assertTrue(capture.dropped() > 0);
            finish(capture);
            PcapBlocks blocks = PcapBlocks.read(Files.readAllBytes(file));
            assertEquals(count, blocks.received());
            assertEquals(capture.dropped(), blocks.dropped());
            assertEquals(count - capture.dropped(), blocks.packets().size());
            for (int i = 0; i < blocks.packets().size(); i++) {
                assertEquals(i, ByteBuffer.wrap(blocks.packets().get(i).bytes()).getInt());
            }
        }
    }

    @Test
    void shouldServeReadersOfAPipeOneAfterTheOther() throws Exception {
        Path pipe = pipe();
        try (FrameSink sink = port.openTransmit(shard, 0)) {
            Capture capture = port.start(pipe, 2000);
            assertEquals(0, capture.poll());
            assertNull(port.ring(), "nobody reads");
            for (int round = 0; round < 3; round++) {
                // One each: the reader empties its file some time after the pipe was opened.
                Path copy = directory.resolve("copy" + round);
                Process reader = shell("exec cat <" + pipe + " >" + copy);
                await(() -> capture.poll() >= 0 && port.ring() != null);
                for (int i = 0; i < 100; i++) {
                    sink.put(frame(content(new Random(i), 1400)));
                }
                // More than a pipe holds: it takes a part at a time.
                await(() -> capture.poll() == 0 && isWhole(copy, 100));
                assertEquals(100, capture.packets());
                PcapBlocks blocks = PcapBlocks.read(Files.readAllBytes(copy));
                assertEquals(1, blocks.sections());
                assertArrayEquals(content(new Random(99), 1400), blocks.packets().get(99).bytes());
                reader.destroyForcibly().waitFor();
                sink.put(frame(new byte[60]));
                capture.poll();
                assertNull(port.ring(), "its reader has gone");
                sink.put(frame(new byte[60]));
            }
            finish(capture);
            assertNull(capture.failure());
        }
    }

    private static boolean isWhole(Path copy, int packets) {
        try {
            // The headers, and blocks of 1400 bytes with what belongs to them.
            return Files.exists(copy)
                    && Files.size(copy) > packets * 1400L
                    && PcapBlocks.read(Files.readAllBytes(copy)).packets().size() == packets;
        } catch (AssertionError e) {
            return false; // the end of a block is still to come
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void shouldEndThoughAPipesReaderDoesNotRead() throws Exception {
        Path pipe = pipe();
        Process reader = shell("exec sleep 600 <" + pipe);
        try (FrameSink sink = port.openTransmit(shard, 0)) {
            Capture capture = port.start(pipe, 2000);
            await(() -> capture.poll() >= 0 && port.ring() != null);
            for (int i = 0; i < 1000; i++) {
                assertEquals(Verdict.DROPPED, sink.put(frame(new byte[1400])));
                capture.poll();
            }
            finish(capture);
        } finally {
            reader.destroyForcibly().waitFor();
        }
    }

    private Path pipe() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        return pipe;
    }

    private static Process shell(String command) throws IOException {
        return new ProcessBuilder("sh", "-c", command).start();
    }

    private static void await(BooleanSupplier done) {
        long deadlineNs = System.nanoTime() + 30_000_000_000L;
        while (!done.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadlineNs < 0, "it did not happen within 30 s");
            Thread.onSpinWait();
        }
    }
}
