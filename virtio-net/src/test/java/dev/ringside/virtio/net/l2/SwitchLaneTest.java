package dev.ringside.virtio.net.l2;

import static dev.ringside.virtio.net.l2.Ethernet.BROADCAST;
import static dev.ringside.virtio.net.l2.Ethernet.frame;
import static dev.ringside.virtio.net.l2.Ethernet.station;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.filter.CapturePort;
import dev.ringside.virtio.net.filter.Rate;
import dev.ringside.virtio.net.filter.RateLimitPort;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.offload.OffloadCounter;
import dev.ringside.virtio.net.offload.SoftwareOffload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Destinations of a switch that fail, or that stand behind filters. */
final class SwitchLaneTest {
    private static final long NS_PER_MS = 1_000_000;
    private static final SwitchPortConfig NIC = SwitchPortConfig.nic();

    private final SwitchNet net = new SwitchNet(2);

    SwitchLaneTest() throws LinuxException {}

    @AfterEach
    void close() {
        net.close();
    }

    private static List<Integer> numbers(Plug plug) {
        return plug.received().stream().map(Ethernet::number).toList();
    }

    /** A plug on a shard whose address the switch knows. */
    private Plug known(int station, int shard) {
        return known(station, shard, new FakeSink());
    }

    private Plug known(int station, int shard, FakeSink receiver) {
        PacketPort port = net.bridge.newPort(NIC.withMac(station(station)));
        return net.plug(port, shard, 0, receiver);
    }

    /** Fails when it is told or asked anything but a frame. */
    private static final class BrokenSink extends FakeSink {
        boolean broken;

        private void use() {
            if (broken) {
                throw new IllegalStateException("as the test wants");
            }
        }

        @Override
        public void flush() {
            use();
            super.flush();
        }

        @Override
        public boolean hasRoom() {
            use();
            return super.hasRoom();
        }
    }

    @Test
    void shouldEndTheBurstsOfOthersWhenOneCannot() {
        Plug a = known(0, 0);
        BrokenSink near = new BrokenSink();
        BrokenSink far = new BrokenSink();
        List<Plug> broken = List.of(known(1, 0, near), known(2, 1, far));
        List<Plug> others = List.of(known(3, 0), known(4, 1));
        near.broken = true;
        far.broken = true;

        assertEquals(Verdict.HELD, a.send(frame(BROADCAST, station(0), 0)));
        net.settle();

        for (Plug other : others) {
            assertEquals(List.of(0), numbers(other));
            assertEquals(1, other.receiver.flushes());
        }
        for (Plug plug : broken) {
            assertThrows(IllegalStateException.class, () -> plug.source.poll(1));
            assertEquals(0, plug.source.poll(1));
        }
        near.broken = false;
        far.broken = false;
    }

    @Test
    void shouldServeOthersWhenOneCannotSayWhetherItHasRoom() {
        Plug a = known(0, 0);
        BrokenSink sink = new BrokenSink();
        Plug b = known(1, 1, sink);
        Plug c = known(2, 1);
        sink.setRoom(0);
        a.send(frame(station(1), station(0), 0));
        net.settle();
        net.pass(20 * NS_PER_MS);
        net.settle();
        assertEquals(1, net.count("1", SwitchCounter.STALLED));
        sink.broken = true;

        a.send(frame(station(2), station(0), 1));
        net.settle();

        assertEquals(List.of(1), numbers(c));
        assertThrows(IllegalStateException.class, () -> b.source.poll(1));
        sink.broken = false;
    }

    @Test
    void shouldSendSegmentsOnceThatFindNoRoomBehindAFilter() {
        Plug a = known(0, 0);
        FakeSink slow = new FakeSink().accepting(Offload.NONE);
        PacketPort port = net.bridge.newPort(NIC.withMac(station(1)));
        PacketPort filtered =
                RateLimitPort.around(
                        CapturePort.around(port, "test"), Rate.UNLIMITED, Rate.UNLIMITED);
        FrameSink whole = SoftwareOffload.around(slow, new Counters<>(OffloadCounter.class));
        FrameSource source = filtered.openReceive(net.shard(0), 0, whole);
        Frame frame = a.frame(tcp(500));
        frame.needChecksum(34, 16);
        frame.needSegmentation(Frame.GSO_TCPV4, 100, false);
        slow.setRoom(2);

        a.sink.put(frame);
        slow.setRoom(Integer.MAX_VALUE);
        net.settle();

        assertEquals(
                List.of(0, 100, 200, 300, 400),
                slow.frames().stream().map(bytes -> ByteBuffer.wrap(bytes).getInt(38)).toList());
        source.close();
        filtered.close();
    }

    private static byte[] tcp(int payload) {
        ByteBuffer bytes = ByteBuffer.allocate(54 + payload);
        bytes.put(frame(station(1), station(0), 0), 0, 12).putShort((short) 0x0800);
        bytes.putShort((short) 0x4500).putShort((short) (40 + payload));
        bytes.put(22, (byte) 64).put(23, (byte) 6).put(46, (byte) 0x50).put(47, (byte) 0x10);
        return bytes.array();
    }
}
