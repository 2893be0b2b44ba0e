package dev.ringside.virtio.net.l2;

import static dev.ringside.virtio.net.l2.Ethernet.BROADCAST;
import static dev.ringside.virtio.net.l2.Ethernet.frame;
import static dev.ringside.virtio.net.l2.Ethernet.station;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtqueue.device.ShardContext;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An uplink: here to a port of another switch, where a test listens. */
final class SwitchUplinkTest {
    private static final SwitchPortConfig TRUNK =
            SwitchPortConfig.nic().withVlans(PortVlans.trunkOfAll(1));

    private final SwitchNet net = new SwitchNet(2);
    private final VirtualSwitch far =
            new VirtualSwitch("far", SwitchSettings.defaults(), new MetricsRegistry());
    private final PacketPort hostPort = far.newPort(TRUNK);
    private final Plug host = new Plug(hostPort, net.shard(0), 0, new FakeSink());
    private final SwitchUplink uplink =
            net.bridge.newUplink(far.newPort(TRUNK), SwitchPortConfig.uplink().withName("outside"));

    SwitchUplinkTest() throws LinuxException {}

    @AfterEach
    void close() {
        uplink.closePair(0);
        uplink.close();
        host.close();
        hostPort.close();
        net.close();
        assertEquals(0, host.held.get());
        assertEquals(0, far.ports());
        far.close();
    }

    @Test
    void shouldCarryFramesBothWaysWithTheTagsOfATrunk() {
        uplink.openPair(net.shard(0), 0);
        Plug ten = net.plug(SwitchPortConfig.nic().withVlans(PortVlans.access(10)), 1);
        Plug one = net.plug(SwitchPortConfig.nic(), 0);

        ten.send(frame(BROADCAST, station(0), 1));
        net.settle();
        host.send(frame(station(0), station(9), 2, 10));
        net.settle();
        host.send(frame(BROADCAST, station(9), 3));
        net.settle();

        assertArrayEquals(frame(BROADCAST, station(0), 1, 10), host.received().getFirst());
        List<byte[]> got = ten.received();
        assertEquals(1, got.size());
        assertArrayEquals(frame(station(0), station(9), 2), got.getFirst());
        assertArrayEquals(frame(BROADCAST, station(9), 3), one.received().getFirst());
        assertEquals(0, host.held.get());
        assertTrue(uplink.describe().contains("uplink outside, trunk of all VLANs, native 1"));
    }

    @Test
    void shouldStopWhenItsPairIsClosed() {
        uplink.openPair(net.shard(0), 0);
        assertThrows(IllegalStateException.class, () -> uplink.openPair(net.shard(0), 0));
        Plug one = net.plug(SwitchPortConfig.nic(), 1);

        one.send(frame(BROADCAST, station(0), 1));
        uplink.closePair(0);
        uplink.closePair(0);
        net.settle();
        host.send(frame(BROADCAST, station(9), 2));
        net.settle();

        assertEquals(0, one.held.get());
        assertEquals(List.of(), one.received());
        assertEquals(List.of(), host.received());
        uplink.openPair(net.shard(1), 0);
        host.send(frame(BROADCAST, station(9), 3));
        net.settle();
        assertEquals(1, one.received().size());
    }

    @Test
    void shouldGiveBackWhatWaitsForItWhenThePortBehindItFails() {
        SwitchUplink broken =
                net.bridge.newUplink(
                        new FailingPort(), SwitchPortConfig.uplink().withName("broken"));
        broken.openPair(net.shard(0), 0);
        Plug one = net.plug(SwitchPortConfig.nic(), 1);
        one.send(frame(BROADCAST, station(0), 1));
        assertEquals(1, one.held.get());

        assertThrows(IllegalStateException.class, () -> net.shard(0).turn(0));

        // The engine polls it no more: else the guest could not even stop its queue.
        assertEquals(0, one.held.get());
        one.send(frame(BROADCAST, station(0), 2));
        assertEquals(0, one.held.get());
        broken.closePair(0);
        broken.close();
    }

    /** Takes what comes, and has a defect on its way in. */
    private static final class FailingPort implements PacketPort {
        @Override
        public String describe() {
            return "failing";
        }

        @Override
        public int maxQueuePairs() {
            return 1;
        }

        @Override
        public int mtu() {
            return 1500;
        }

        @Override
        public FrameSink openTransmit(ShardContext shard, int pair) {
            return new FakeSink();
        }

        @Override
        public FrameSource openReceive(ShardContext shard, int pair, FrameSink into) {
            return new FrameSource() {
                @Override
                public int poll(int budget) {
                    throw new IllegalStateException("a defect");
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void close() {}
    }

    @Test
    void shouldLetIsolatedNicsTalkToIt() {
        uplink.openPair(net.shard(0), 0);
        SwitchPortConfig lonely = SwitchPortConfig.nic().withIsolated(true);
        Plug a = net.plug(lonely, 0);
        Plug b = net.plug(lonely, 1);

        a.send(frame(BROADCAST, station(0), 1));
        net.settle();

        assertEquals(1, host.received().size());
        assertEquals(List.of(), b.received());
    }

    @Test
    void shouldTakeTheSmallestFramesAndRefuseSmallerOnes() {
        uplink.openPair(net.shard(0), 0);
        Plug one = net.plug(SwitchPortConfig.nic(), 0);
        byte[] bare = Arrays.copyOf(frame(BROADCAST, station(0), 1), Frame.MIN_BYTES);

        one.send(bare);
        net.settle();

        assertArrayEquals(bare, host.received().getFirst());
    }
}
