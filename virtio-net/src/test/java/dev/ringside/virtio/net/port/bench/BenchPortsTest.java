package dev.ringside.virtio.net.port.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.Shown;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.ports.PacketPorts;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The ports that lead nowhere. */
class BenchPortsTest {
    private final FakeSink receiveq = new FakeSink();
    private TestShard shard;

    @BeforeEach
    void open() throws Exception {
        shard = new TestShard();
        shard.setNowNs(1_000_000_000L);
    }

    @AfterEach
    void close() {
        shard.close();
    }

    private static PacketPort port(String uri) throws Exception {
        return PacketPorts.open(uri, new MetricsRegistry());
    }

    private static Frame frame(int bytes) {
        Frame frame = new Frame(FrameKeeper.NONE, 1);
        byte[] content = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            content[i] = (byte) (i * 7);
        }
        frame.add(MemorySegment.ofArray(content), 0, bytes);
        return frame;
    }

    @Test
    void shouldSwallowAndBeSilent() throws Exception {
        try (PacketPort port = port("null");
                FrameSink sink = port.openTransmit(shard, 3);
                FrameSource source = port.openReceive(shard, 3, receiveq)) {
            assertEquals(Offload.ALL, sink.accepts());
            assertTrue(sink.hasRoom());
            assertEquals(Verdict.DONE, sink.put(frame(60)));
            assertEquals(0, source.poll(64));
        }
        assertTrue(receiveq.frames().isEmpty());
    }

    @Test
    void shouldGiveBackWhatWasTransmitted() throws Exception {
        try (PacketPort port = port("loopback");
                FrameSink sink = port.openTransmit(shard, 1);
                FrameSource source = port.openReceive(shard, 1, receiveq)) {
            Frame frame = frame(100);
            byte[] content = FakeSink.bytes(frame);
            frame.needChecksum(34, 16);
            assertEquals(Verdict.DONE, sink.put(frame));
            assertTrue(frame.checksumNeeded());
            sink.flush();
            assertArrayEquals(content, receiveq.frames().getFirst());
            assertEquals(1, receiveq.flushes());
            assertEquals(0, source.poll(1));

            receiveq.setRoom(0);
            assertEquals(false, sink.hasRoom());
            assertEquals(Verdict.LATER, sink.put(frame));
            receiveq.setRoom(1);
            assertTrue(sink.hasRoom());
            assertEquals(Verdict.DONE, sink.put(frame));
            assertEquals(2, receiveq.frames().size());
        }
    }

    @Test
    void shouldDropAndCountWhatFindsNoReceiveq() throws Exception {
        MetricsRegistry metrics = new MetricsRegistry();
        try (PacketPort port = PacketPorts.open("loopback", metrics);
                FrameSink sink = port.openTransmit(shard, 0)) {
            assertTrue(sink.hasRoom());
            assertEquals(Verdict.DROPPED, sink.put(frame(60)));
            FrameSource source = port.openReceive(shard, 0, receiveq);
            FrameSource other = port.openReceive(shard, 1, new FakeSink());
            other.close();
            assertEquals(Verdict.DONE, sink.put(frame(60)));
            source.close();
            assertEquals(Verdict.DROPPED, sink.put(frame(60)));
            assertEquals(2, Shown.counter(metrics, "ringside_net_port_drops_total"));
        }
        assertEquals(1, receiveq.frames().size());
        assertEquals(-1, Shown.counter(metrics, "ringside_net_port_drops_total"));
    }

    @Test
    void shouldFillTheReceiveqWithNumberedFrames() throws Exception {
        try (PacketPort port = port("generator:size=101,burst=50");
                FrameSource source = port.openReceive(shard, 5, receiveq)) {
            receiveq.setRoom(70);
            assertEquals(32, source.poll(32));
            assertEquals(38, source.poll(64));
            assertEquals(0, source.poll(64));
            assertEquals(2, receiveq.flushes());
            receiveq.setRoom(100);
            source.setEnabled(false);
            assertEquals(0, source.poll(64));
            source.setEnabled(true);
            assertEquals(50, source.poll(64));
            assertEquals(0, receiveq.refusals());
        }
        long number = 0;
        for (byte[] frame : receiveq.frames()) {
            assertEquals(101, frame.length);
            assertEquals(number++, ByteBuffer.wrap(frame).getLong(TestFrame.SEQUENCE));
            assertValid(frame);
        }
    }

    private static void assertValid(byte[] bytes) {
        ByteBuffer frame = ByteBuffer.wrap(bytes);
        int length = bytes.length;
        assertEquals(0x0800, frame.getShort(12));
        assertEquals(length - 14, frame.getShort(16));
        assertEquals(0xffff, sum(frame, 14, 20));
        assertEquals(length - 34, frame.getShort(38));
        // The pseudo header: addresses, protocol, length.
        long total = sum(frame, 26, 8) + 17L + (length - 34) + sum(frame, 34, length - 34);
        assertEquals(0xffff, total % 0xffff == 0 ? 0xffff : total % 0xffff);
    }

    private static int sum(ByteBuffer frame, int at, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += (frame.get(at + i) & 0xffL) << ((i & 1) == 0 ? 8 : 0);
        }
        return sum == 0 ? 0 : (int) ((sum - 1) % 0xffff) + 1;
    }

    @Test
    void shouldKeepItsPace() throws Exception {
        try (PacketPort port = port("generator:pps=100000,burst=40");
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            long startNs = shard.nowNs();
            assertEquals(40, source.poll(64)); // a burst at once
            assertEquals(0, source.poll(64));
            assertTrue(Math.abs(shard.wakeByNs() - startNs - 50_000) <= 2);
            for (int turn = 1; turn <= 1000; turn++) {
                shard.setNowNs(startNs + turn * 100_000L);
                assertEquals(10, source.poll(64), "in turn " + turn);
            }
            shard.setNowNs(startNs + 60_000_000_000L);
            assertEquals(40, source.poll(64)); // a delay is made up for up to a burst
            assertEquals(0, source.poll(64));
        }
    }
}
