package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.QueueWorker;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NetDeviceTest {
    private static byte[] config(NetDevice device, int offset, int count) {
        byte[] bytes = new byte[count];
        device.readConfig(offset, bytes);
        return bytes;
    }

    private static NetConfig nic() {
        return NetConfig.named("nic");
    }

    @Test
    void shouldCarryFramesBothWays() throws Exception {
        try (TestNic nic = new TestNic(NetSpec.VIRTIO_NET_F_MRG_RXBUF)) {
            QueueWorker receive = nic.start(0);
            QueueWorker transmit = nic.start(1);
            byte[] sent = Frames.payload(64, 1);
            TestDriver tx = nic.driver(1);
            int head = tx.add(List.of(tx.readable(Frames.join(new byte[12], sent))));
            assertEquals(1, transmit.poll(64));
            transmit.queue().publish();
            tx.reap();
            assertEquals(0, tx.take(head));
            assertArrayEquals(sent, nic.port.transmitted.getFirst().bytes());

            TestDriver rx = nic.driver(0);
            TestDriver.Buffer buffer = rx.writable(1526);
            int posted = rx.add(List.of(buffer));
            byte[] come = Frames.payload(99, 2);
            nic.port.incoming.add(FakePort.frame(come));
            assertEquals(1, receive.poll(64));
            receive.queue().publish();
            rx.reap();
            assertEquals(111, rx.take(posted));
            byte[] got = rx.get(buffer.address(), 111);
            assertEquals(1, Frames.shortAt(got, 10));
            assertArrayEquals(come, Frames.slice(got, 12, 99));
        }
    }

    @Test
    void shouldTellItsConfiguration() throws Exception {
        NetConfig config = nic().withMac(TestNic.MAC).withQueuePairs(5).withMtu(9000);
        try (TestNic nic = new TestNic(config, 0)) {
            byte[] expected = {
                0x52,
                0x54,
                0,
                0x12,
                0x34,
                0x56, // mac
                1,
                0, // status: link up
                5,
                0, // pairs
                0x28,
                0x23, // mtu
                -1,
                -1,
                -1,
                -1, // speed: unknown
                -1, // duplex: unknown
                40, // RSS key
                (byte) 128,
                0, // RSS table
                -1,
                1,
                0,
                0 // hash types
            };
            assertEquals(24, nic.device.configSize());
            assertArrayEquals(expected, config(nic.device, 0, 24));
            assertArrayEquals(new byte[] {5, 0, 0x28}, config(nic.device, 8, 3));
            assertArrayEquals(new byte[] {0, 0, 0}, config(nic.device, 22, 3));
            assertArrayEquals(new byte[4], config(nic.device, 24, 4));
            assertArrayEquals(new byte[4], config(nic.device, -1, 4));
        }
    }

    @Test
    void shouldHaveThreeQueuesAndGroupPairs() throws Exception {
        try (TestNic nic = new TestNic(nic().withQueuePairs(3), 0)) {
            assertEquals(7, nic.device.queueCount());
            int[] groups = {0, 0, 1, 1, 2, 2, 0};
            for (int i = 0; i < groups.length; i++) {
                assertEquals(groups[i], nic.device.shardGroup(i));
            }
            assertEquals(1, nic.device.deviceId());
            assertEquals("nic", nic.device.name());
            assertEquals(1024, nic.device.maxQueueSize());
            assertEquals("fake", nic.device.describe());
        }
    }

    @Test
    void shouldServeTheControlQueueWhereItIs() throws Exception {
        long control = NetSpec.VIRTIO_NET_F_CTRL_VQ;
        NetConfig config = nic().withQueuePairs(3);
        try (TestNic nic = new TestNic(config, control | NetSpec.VIRTIO_NET_F_MQ)) {
            assertInstanceOf(ControlWorker.class, nic.start(6));
            assertInstanceOf(ReceiveWorker.class, nic.start(2));
        }
        try (TestNic nic = new TestNic(config, control | NetSpec.VIRTIO_NET_F_RSS)) {
            assertInstanceOf(ControlWorker.class, nic.start(6));
            assertInstanceOf(ReceiveWorker.class, nic.start(2));
        }
        try (TestNic nic = new TestNic(config, control)) {
            assertInstanceOf(ControlWorker.class, nic.start(2));
        }
        try (TestNic nic = new TestNic(config, 0)) {
            assertInstanceOf(ReceiveWorker.class, nic.start(2));
            assertInstanceOf(ControlWorker.class, nic.start(6));
        }
    }

    @Test
    void shouldOfferWhatItCanServe() throws Exception {
        try (TestNic nic = new TestNic(nic(), 0)) {
            long offered = nic.device.offeredFeatures();
            assertEquals(0, offered & NetSpec.VIRTIO_NET_F_MQ);
            assertEquals(0, offered & NetSpec.VIRTIO_NET_F_RSS);
            assertEquals(0, offered & NetSpec.VIRTIO_NET_F_MAC);
            assertEquals(0, offered & (1L << 26 | 1L << 30));
            long expected =
                    VirtioSpec.VIRTIO_F_VERSION_1
                            | VirtioSpec.VIRTIO_F_ACCESS_PLATFORM
                            | VirtioSpec.VIRTIO_F_IN_ORDER
                            | VirtioSpec.VIRTIO_F_ANY_LAYOUT
                            | VirtioSpec.VIRTIO_RING_F_EVENT_IDX
                            | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC
                            | VirtioSpec.VIRTIO_F_RING_PACKED
                            | 0x03c0_0000_0000_0000L
                            | NetSpec.VIRTIO_NET_F_SPEED_DUPLEX
                            | 0xbfffcfL;
            assertEquals(Long.toHexString(expected), Long.toHexString(offered));
        }
        try (TestNic nic = new TestNic(nic().withQueuePairs(2).withMac(TestNic.MAC), 0)) {
            long more =
                    NetSpec.VIRTIO_NET_F_MQ | NetSpec.VIRTIO_NET_F_RSS | NetSpec.VIRTIO_NET_F_MAC;
            assertEquals(more, nic.device.offeredFeatures() & more);
        }
    }

    @Test
    void shouldFollowTheLinkOfItsPort() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            int[] changes = new int[1];
            nic.device.onConfigChange(() -> changes[0]++);
            nic.port.linkUp = false;
            nic.port.linkListener.run();
            assertEquals(0, config(nic.device, 6, 2)[0]);
            assertEquals(1, changes[0]);
            nic.port.linkListener.run();
            assertEquals(1, changes[0]);
            nic.device.setLink(false);
            nic.port.linkUp = true;
            nic.port.linkListener.run();
            assertEquals(0, config(nic.device, 6, 2)[0]);
            nic.device.setLink(true);
            assertEquals(1, config(nic.device, 6, 2)[0]);
            assertEquals(4, changes[0]);
        }
    }

    @Test
    void shouldTakeTheFrontEndsMtu() throws Exception {
        try (TestNic nic = new TestNic(nic().withMtu(1500), 0)) {
            nic.port.mtu = 9000;
            assertTrue(nic.device.setMtu(9000));
            assertArrayEquals(new byte[] {0x28, 0x23}, config(nic.device, 10, 2));
            assertFalse(nic.device.setMtu(9001));
            assertFalse(nic.device.setMtu(67));
            nic.device.reset();
            assertArrayEquals(new byte[] {(byte) 0xdc, 5}, config(nic.device, 10, 2));
        }
    }

    @Test
    void shouldLetOnlyLegacyDriversWriteTheirAddress() throws Exception {
        byte[] mac = {2, 0, 0, 0, 0, 9};
        try (TestNic nic = new TestNic(0)) {
            assertFalse(nic.device.writeConfig(0, mac));
        }
        try (TestNic nic = new TestNic(nic(), 0)) {
            assertTrue(nic.device.writeConfig(0, mac));
            assertArrayEquals(mac, config(nic.device, 0, 6));
            assertFalse(nic.device.writeConfig(6, mac));
            assertFalse(nic.device.writeConfig(0, new byte[5]));
            assertFalse(nic.device.writeConfig(0, new byte[] {1, 0, 0, 0, 0, 0}));
        }
    }

    @Test
    void shouldRefuseWhatThePortCannotServe() throws Exception {
        FakePort port = new FakePort();
        port.pairs = 2;
        port.mtu = 1500;
        MetricsRegistry metrics = new MetricsRegistry();
        assertThrows(
                IllegalArgumentException.class,
                () -> NetDevice.create(nic().withQueuePairs(3), port, metrics));
        assertThrows(
                IllegalArgumentException.class,
                () -> NetDevice.create(nic().withMtu(1501), port, metrics));
    }

    @Test
    void shouldRefuseConfigurationsThatCannotBe() {
        assertThrows(IllegalArgumentException.class, () -> NetConfig.named(" "));
        assertThrows(IllegalArgumentException.class, () -> nic().withQueuePairs(0));
        assertThrows(IllegalArgumentException.class, () -> nic().withQueuePairs(129));
        assertThrows(IllegalArgumentException.class, () -> nic().withMaxQueueSize(48));
        assertThrows(IllegalArgumentException.class, () -> nic().withMaxQueueSize(65536));
        assertThrows(IllegalArgumentException.class, () -> nic().withMtu(67));
        assertThrows(IllegalArgumentException.class, () -> nic().withMtu(65536));
        assertThrows(IllegalArgumentException.class, () -> nic().withMac(1L << 40));
        assertThrows(IllegalArgumentException.class, () -> nic().withMac(1L << 48));
        assertThrows(IllegalArgumentException.class, () -> nic().withMac(new byte[5]));
    }

    @Test
    void shouldCloseItsPortAndTakeItsMetricsAway() throws Exception {
        TestNic nic = new TestNic(0);
        nic.close();
        nic.device.close();
        assertTrue(nic.port.portClosed);
        nic.registry.visit(new Nothing());
    }

    /** Fails when anything is shown. */
    private static final class Nothing implements MetricsRegistry.Visitor {
        @Override
        public void counter(MetricName name, Map<String, String> labels, long value) {
            throw new AssertionError(name.metricName() + labels);
        }

        @Override
        public void histogram(
                MetricName name, Map<String, String> labels, LatencyHistogram.Snapshot snapshot) {
            throw new AssertionError(name.metricName() + labels);
        }

        @Override
        public void gauge(String name, String help, Map<String, String> labels, long value) {
            throw new AssertionError(name + labels);
        }
    }
}
