package dev.ringside.virtio.net.ports;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.IoUring;
import dev.ringside.virtio.net.Allocations;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.filter.Capture;
import dev.ringside.virtio.net.filter.CapturePort;
import dev.ringside.virtio.net.filter.Rate;
import dev.ringside.virtio.net.filter.RateLimitPort;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No port and no filter allocates on its data path. */
class AllocationTest {
    private static final int ROUNDS = 20_000;
    private static final int ATTEMPTS = 10;

    /** Compilation now and then leaves something on the thread. */
    private static final long NOISE_BYTES = 4096;

    private final MetricsRegistry metrics = new MetricsRegistry();
    private final Frame frame = new Frame(FrameKeeper.NONE, 2);
    private final MemorySegment memory = Arena.ofAuto().allocate(9000);
    private final CountingSink sink = new CountingSink();
    @TempDir private Path directory;
    private TestShard shard;

    @BeforeEach
    void open() throws Exception {
        shard = new TestShard();
    }

    @AfterEach
    void close() {
        shard.close();
    }

    private PacketPort port(String uri) throws IOException {
        return PacketPorts.open(uri, metrics);
    }

    private Frame frame(int bytes) {
        frame.clear();
        frame.add(memory, 0, bytes / 2);
        frame.add(memory, bytes / 2, bytes - bytes / 2);
        return frame;
    }

    /** The first attempts may see the interpreter box something; the best one tells. */
    private static void assertAllocatesNothing(Runnable round) throws Exception {
        long least = Long.MAX_VALUE;
        for (int attempt = 0; attempt < ATTEMPTS && least > NOISE_BYTES; attempt++) {
            long before = Allocations.ofThisThread();
            for (int i = 0; i < ROUNDS; i++) {
                round.run();
            }
            least = Math.min(least, Allocations.ofThisThread() - before);
        }
        long bytes = least;
        assertTrue(bytes <= NOISE_BYTES, () -> bytes + " bytes in " + ROUNDS + " rounds");
    }

    @Test
    void shouldNotAllocateInPortsForBenchmarks() throws Exception {
        try (PacketPort generator = port("generator:pps=1000000000");
                PacketPort loopback = port("loopback");
                FrameSource source = generator.openReceive(shard, 0, sink);
                FrameSink loop = loopback.openTransmit(shard, 0);
                FrameSource back = loopback.openReceive(shard, 0, sink)) {
            assertAllocatesNothing(
                    () -> {
                        loop.put(frame(1500));
                        source.poll(8);
                        back.poll(8);
                    });
        }
        assertTrue(sink.count > ROUNDS);
    }

    @Test
    void shouldNotAllocateInFilters() throws Exception {
        try (CapturePort capture = CapturePort.around(port("loopback"), "x");
                RateLimitPort limits =
                        RateLimitPort.around(
                                capture, Rate.parse("a", "1M,1kpps"), Rate.parse("b", "1T"));
                FrameSink loop = limits.openTransmit(shard, 0);
                FrameSource source = limits.openReceive(shard, 0, sink)) {
            Capture running = capture.start(directory.resolve("c"), 200);
            assertAllocatesNothing(
                    () -> {
                        loop.hasRoom();
                        loop.put(frame(1500));
                        loop.flush();
                    });
            limits.limitTransmit(Rate.parse("a", "1T"));
            assertAllocatesNothing(() -> loop.put(frame(1500)));
            assertTrue(running.dropped() > 0);
            running.stop();
            while (running.poll() != Capture.OVER) {
                assertEquals(null, running.failure());
            }
            assertEquals(0, source.poll(1));
        }
        assertTrue(sink.count > ROUNDS);
    }

    @Test
    void shouldNotAllocateInStreams() throws Exception {
        // What the test's shard does for itself is not what is measured.
        IoUring.CompletionHandler route = shard::route;
        Path path = directory.resolve("s");
        try (PacketPort listening = port("socket:" + path + ",listen=on");
                PacketPort connecting = port("socket:" + path);
                FrameSource source = listening.openReceive(shard, 0, sink);
                FrameSource other = connecting.openReceive(shard, 0, sink);
                FrameSink out = connecting.openTransmit(shard, 0)) {
            shard.until(listening::linkUp, () -> source.poll(1));
            assertAllocatesNothing(
                    () -> {
                        out.put(frame(1500));
                        out.put(frame(8000));
                        out.flush();
                        source.poll(64);
                        other.poll(64);
                        shard.ring().submit();
                        shard.ring().complete(route, 64);
                    });
        }
        assertTrue(sink.count > ROUNDS);
        shard.until(() -> shard.handlers() == 0, () -> {});
    }

    private static final class CountingSink implements FrameSink {
        private long count;

        @Override
        public Verdict put(Frame frame) {
            count++;
            return Verdict.DONE;
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public int accepts() {
            return Offload.ALL;
        }
    }
}
