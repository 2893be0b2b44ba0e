package dev.ringside.virtio.net.port.tap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.Errno;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.NativeBuffer;
import dev.ringside.shm.NetInterface;
import dev.ringside.shm.Tap;
import dev.ringside.shm.TapOffload;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.HostNet;
import dev.ringside.virtio.net.port.host.Packets;
import dev.ringside.virtio.net.port.host.TestSink;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Several queues, and how an interface is made, taken over, inherited and set up. */
class TapQueuesTest {
    @Test
    void shouldGiveAllTrafficToTheEnabledQueues() throws Exception {
        try (TapRig rig = new TapRig(Offload.ALL, Map.of("queues", "4"));
                DatagramChannel host = rig.udp()) {
            assertEquals(4, rig.port.maxQueuePairs());
            assertEquals(1, rig.port.attachedCount());
            sendFlows(rig, host);
            rig.until(() -> rig.sink.got.size() == 64);

            List<TestSink> sinks = new ArrayList<>(List.of(rig.sink));
            List<FrameSource> sources = new ArrayList<>(List.of(rig.in));
            for (int pair = 1; pair < 4; pair++) {
                sinks.add(new TestSink(Offload.ALL));
                sources.add(rig.port.openReceive(rig.shard, pair, sinks.get(pair)));
            }
            assertEquals(4, rig.port.attachedCount());
            rig.sink.got.clear();
            sendFlows(rig, host);
            Runnable turn = () -> sources.forEach(source -> source.poll(64));
            rig.shard.until(() -> sinks.stream().mapToInt(s -> s.got.size()).sum() == 64, turn);
            assertTrue(sinks.stream().filter(s -> !s.got.isEmpty()).count() > 1);

            for (int pair = 1; pair < 4; pair++) {
                sources.get(pair).setEnabled(false);
            }
            assertEquals(1, rig.port.attachedCount());
            rig.sink.got.clear();
            sendFlows(rig, host);
            rig.until(() -> rig.sink.got.size() == 64);

            sources.get(2).setEnabled(true);
            assertEquals(2, rig.port.attachedCount());
            sources.forEach(FrameSource::close);
            assertEquals(0, rig.port.attachedCount());
            // Nobody is there: a guest that comes later hears nothing of it.
            sendFlows(rig, host);
            try (FrameSource late = rig.port.openReceive(rig.shard, 0, rig.sink)) {
                rig.sink.got.clear();
                rig.net.run(() -> host.send(ByteBuffer.wrap(new byte[7]), to(1)));
                rig.shard.until(() -> !rig.sink.got.isEmpty(), () -> late.poll(64));
                assertEquals(49, rig.sink.got.getFirst().bytes().length);
            }
        }
    }

    private static void sendFlows(TapRig rig, DatagramChannel host) throws Exception {
        for (int port = 1; port <= 64; port++) {
            InetSocketAddress there = to(port);
            rig.net.run(() -> host.send(ByteBuffer.wrap(new byte[30]), there));
        }
    }

    private static InetSocketAddress to(int port) {
        return new InetSocketAddress("10.9.0.2", port);
    }

    @Test
    void shouldAskTheKernelForWhatEveryGuestQueueAccepts() throws Exception {
        try (TapRig rig = new TapRig(Offload.ALL, Map.of("queues", "2"))) {
            assertEquals(TapPort.tapOffloads(Offload.ALL), rig.port.receiveOffloads());
            int less = Offload.CSUM | Offload.TSO4;
            FrameSource second = rig.port.openReceive(rig.shard, 1, new TestSink(less));
            int both = TapOffload.TUN_F_CSUM | TapOffload.TUN_F_TSO4;
            assertEquals(both, rig.port.receiveOffloads());
            second.close();
            assertEquals(TapPort.tapOffloads(Offload.ALL), rig.port.receiveOffloads());
            rig.in.close();
            assertEquals(0, rig.port.receiveOffloads());
        }
    }

    @Test
    void shouldNotReadBeforeTheControlThreadHasSetItUp() throws Exception {
        List<Runnable> tasks = new ArrayList<>();
        try (HostNet net = new HostNet();
                TestShard shard = new TestShard()) {
            PortUri uri = new PortUri("tap", "tap0", Map.of());
            TapPort port = net.run(() -> TapPort.open(uri, new MetricsRegistry(), tasks::add));
            FrameSource source = port.openReceive(shard, 0, new TestSink(Offload.ALL));
            assertEquals(0, source.poll(64));
            assertFalse(source.hasWork());
            assertEquals(0, port.counters(0).get(HostCounter.READS));
            tasks.forEach(Runnable::run);
            // The shard may sleep: it is woken, and asked whether there is work.
            assertEquals(1, shard.doorbellRings());
            assertTrue(source.hasWork());
            source.poll(64);
            assertFalse(source.hasWork());
            source.close();
            shard.until(() -> shard.handlers() == 0, () -> {});
            port.close();
        }
    }

    @Test
    void shouldMakeTakeOverAndLeaveAsTold() throws Exception {
        try (HostNet net = new HostNet()) {
            Map<String, String> options =
                    Map.of("persist", "on", "mtu", "9000", "mac", "02:00:00:00:be:ef", "up", "off");
            try (TapPort port = open(net, "tap0", options)) {
                assertEquals(9000, port.mtu());
                assertTrue(port.describe().contains("made here"), port.describe());
                assertTrue(port.describe().contains("down"), port.describe());
                try (NetInterface host = net.run(() -> NetInterface.open("tap0"))) {
                    assertArrayEquals(
                            new byte[] {2, 0, 0, 0, (byte) 0xbe, (byte) 0xef}, host.mac());
                }
            }
            assertTrue(net.run(() -> NetInterface.exists("tap0")));
            try (TapPort port = open(net, "tap0", Map.of("persist", "off"))) {
                assertTrue(port.describe().contains("taken over"), port.describe());
                assertTrue(port.describe().contains("down"), port.describe());
                assertEquals(9000, port.mtu());
                assertEquals("tap tap0", port.toString());
            }
            assertFalse(net.run(() -> NetInterface.exists("tap0")));
            try (TapPort port = open(net, "ring%d", Map.of())) {
                assertEquals("ring0", port.interfaceName());
                assertFalse(port.describe().contains("down"), port.describe());
                assertEquals(PacketPort.SPEED_UNKNOWN, port.speedMbps());
            }
        }
    }

    @Test
    void shouldOpenInANamespaceByItsPath() throws Exception {
        try (HostNet net = new HostNet()) {
            PortUri uri = new PortUri("tap", "tap0", Map.of("netns", net.path()));
            try (TapPort port = TapPort.open(uri, new MetricsRegistry(), Runnable::run)) {
                assertTrue(net.run(() -> NetInterface.exists("tap0")));
                assertFalse(NetInterface.exists("tap0"));
                assertEquals(1500, port.mtu());
            }
        }
    }

    @Test
    void shouldServeInheritedDescriptors() throws Exception {
        try (HostNet net = new HostNet();
                TestShard shard = new TestShard();
                Tap opened = net.run(() -> Tap.open("tap0", 2, true))) {
            net.command("ip addr add 10.9.0.1/24 dev tap0");
            net.command("ip link set tap0 up");
            String name = "fd=" + duplicate(opened, 0) + ":" + duplicate(opened, 1);
            TestSink sink = new TestSink(Offload.ALL);
            PortUri uri = new PortUri("tap", name, Map.of());
            TapPort port = TapPort.open(uri, new MetricsRegistry(), Runnable::run);
            assertEquals(2, port.maxQueuePairs());
            // The interface is in a namespace that is not ours.
            assertEquals(65535, port.mtu());
            var out = port.openTransmit(shard, 0);
            var in = port.openReceive(shard, 0, sink);
            try (NativeBuffer memory = NativeBuffer.allocate(1024, 16)) {
                out.put(Packets.scattered(memory.segment(), Packets.arpRequest(), new Random(1)));
            }
            shard.until(() -> !sink.got.isEmpty(), () -> in.poll(64));
            assertArrayEquals(
                    new byte[] {10, 9, 0, 1},
                    Arrays.copyOfRange(sink.got.getFirst().bytes(), 28, 32));
            in.close();
            out.close();
            shard.until(() -> shard.handlers() == 0, () -> {});
            port.close();
        }
    }

    @Test
    void shouldRefuseWithTheWayOut() throws Exception {
        try (HostNet net = new HostNet()) {
            for (Map<String, String> wrong :
                    List.of(
                            Map.of("queues", "0"),
                            Map.of("queues", "257"),
                            Map.of("mtu", "67"),
                            Map.of("mac", "02:00"),
                            Map.of("vnet", "yes"),
                            Map.of("color", "red"))) {
                IllegalArgumentException e =
                        assertThrows(
                                IllegalArgumentException.class, () -> open(net, "tap0", wrong));
                String key = wrong.keySet().iterator().next();
                assertTrue(e.toString().contains(key), e.toString());
            }
            assertThrows(IllegalArgumentException.class, () -> open(net, "", Map.of()));
            assertThrows(IllegalArgumentException.class, () -> open(net, "fd=x", Map.of()));
            assertThrows(
                    IllegalArgumentException.class, () -> open(net, "fd=3", Map.of("queues", "2")));
            LinuxException down =
                    assertThrows(LinuxException.class, () -> open(net, "lo", Map.of()));
            assertEquals(Errno.EINVAL, down.errno());
            assertFalse(net.run(() -> NetInterface.exists("tap0")));
            // What was made is taken back when it cannot be set up.
            assertThrows(
                    LinuxException.class,
                    () -> open(net, "tap1", Map.of("mac", "01:00:00:00:00:01")));
            assertFalse(net.run(() -> NetInterface.exists("tap1")));
        }
    }

    /** As a process inherits one. */
    private static int duplicate(Tap tap, int queue) throws LinuxException {
        Fd borrowed = Fd.adopt(tap.fd(queue));
        int number = borrowed.duplicate().release();
        borrowed.release();
        return number;
    }

    private static TapPort open(HostNet net, String name, Map<String, String> options)
            throws Exception {
        return TapRig.open(net, name, options, new MetricsRegistry());
    }
}
