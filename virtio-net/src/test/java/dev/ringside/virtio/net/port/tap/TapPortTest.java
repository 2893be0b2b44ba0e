package dev.ringside.virtio.net.port.tap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.HostNet;
import dev.ringside.virtio.net.port.host.Packets;
import dev.ringside.virtio.net.port.host.TestSink;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Frames between a guest and the kernel's own stack, over a real TAP interface. */
class TapPortTest {
    private static final InetSocketAddress GUEST = new InetSocketAddress("10.9.0.2", 4000);

    @Test
    void shouldAnswerArpAndPingsOfAllSizes() throws Exception {
        try (TapRig rig = TapRig.plain()) {
            rig.send(Packets.arpRequest());
            byte[] reply = rig.receive().bytes();
            byte[] mac = Arrays.copyOfRange(reply, 22, 28);
            assertArrayEquals(rig.hostMac(), mac);
            for (int size = 0; size <= 1472; size += 23) {
                byte[] payload = Packets.pattern(size, size);
                rig.send(Packets.ping(mac, size, payload));
                TestSink.Got echo = rig.receive();
                assertArrayEquals(payload, Arrays.copyOfRange(echo.bytes(), 42, 42 + size));
                assertEquals(0, echo.bytes()[34]);
                assertEquals(0xffff, Packets.sum(echo.bytes(), 34, 8 + size, 0));
            }
            assertEquals(66, rig.count(HostCounter.RECEIVED));
            assertEquals(66, rig.count(HostCounter.TRANSMITTED));
        }
    }

    @Test
    void shouldLeaveSumsUndoneBothWaysWhenTheGuestAccepts() throws Exception {
        try (TapRig rig = TapRig.plain();
                DatagramChannel host = rig.udp()) {
            byte[] payload = Packets.pattern(1200, 1);
            Frame frame = rig.frame(Packets.udp(rig.hostMac(), 4000, 7000, payload));
            frame.needChecksum(34, 6);
            assertEquals(Verdict.DONE, rig.put(frame));
            assertArrayEquals(payload, receive(rig, host));

            rig.net.run(() -> host.send(ByteBuffer.wrap(payload), GUEST));
            TestSink.Got got = rig.receive();
            assertEquals(Offload.CSUM, got.needs());
            assertEquals(34, got.checksumStart());
            assertEquals(6, got.checksumOffset());
            assertArrayEquals(payload, Arrays.copyOfRange(got.bytes(), 42, 1242));
        }
    }

    @Test
    void shouldHaveTheKernelDoItWhenTheGuestAcceptsNothing() throws Exception {
        try (TapRig rig = new TapRig(Offload.NONE, Map.of());
                DatagramChannel host = rig.udp()) {
            byte[] payload = Packets.pattern(1200, 2);
            rig.net.run(() -> host.send(ByteBuffer.wrap(payload), GUEST));
            TestSink.Got got = rig.receive();
            assertEquals(Offload.NONE, got.needs());
            assertEquals(0xffff, Packets.sum(got.bytes(), 26, 1216, 17 + 1208));
        }
    }

    @Test
    void shouldCarryBareFramesWithoutHeader() throws Exception {
        try (TapRig rig = new TapRig(Offload.ALL, Map.of("vnet", "off"));
                DatagramChannel host = rig.udp()) {
            assertEquals(Offload.NONE, rig.out.accepts());
            assertTrue(rig.port.describe().contains("no offloads"), rig.port.describe());
            byte[] payload = Packets.pattern(1000, 3);
            rig.net.run(() -> host.send(ByteBuffer.wrap(payload), GUEST));
            TestSink.Got got = rig.receive();
            assertEquals(Offload.NONE, got.needs());
            assertArrayEquals(payload, Arrays.copyOfRange(got.bytes(), 42, 1042));
        }
    }

    @Test
    void shouldCutUdpIntoDatagramsWhenTheGuestLeavesThat() throws Exception {
        try (TapRig rig = TapRig.plain();
                DatagramChannel host = rig.udp()) {
            assertEquals(Offload.ALL, rig.out.accepts());
            byte[] payload = Packets.pattern(50_500, 4);
            Frame frame = rig.frame(Packets.udp(rig.hostMac(), 4000, 7000, payload));
            frame.needChecksum(34, 6);
            frame.needSegmentation(Frame.GSO_UDP_L4, 1000, false);
            assertEquals(Verdict.DONE, rig.put(frame));
            for (int at = 0; at < payload.length; at += 1000) {
                int end = Math.min(payload.length, at + 1000);
                assertArrayEquals(Arrays.copyOfRange(payload, at, end), receive(rig, host));
            }
        }
    }

    @Test
    void shouldNotCallWhileNothingComes() throws Exception {
        try (TapRig rig = TapRig.plain();
                DatagramChannel host = rig.udp()) {
            rig.in.poll(64);
            long reads = rig.count(HostCounter.READS);
            assertEquals(1, reads);
            for (int i = 0; i < 1000; i++) {
                assertEquals(0, rig.in.poll(64));
                rig.shard.turn(0);
            }
            assertEquals(reads, rig.count(HostCounter.READS));
            assertEquals(1, rig.count(HostCounter.RECEIVE_WAITS));

            // What comes wakes a shard that sleeps in its ring.
            rig.net.run(() -> host.send(ByteBuffer.wrap(new byte[10]), GUEST));
            assertEquals(1, rig.shard.turn(30_000_000_000L));
            assertEquals(1, rig.in.poll(64));
            assertEquals(1, rig.sink.flushes);
        }
    }

    @Test
    void shouldLeaveFramesInTheKernelWhileTheGuestHasNoRoom() throws Exception {
        for (boolean refuses : new boolean[] {false, true}) {
            try (TapRig rig = TapRig.plain();
                    DatagramChannel host = rig.udp()) {
                rig.in.poll(64);
                rig.sink.room = refuses;
                rig.sink.refuses = refuses;
                for (int i = 0; i < 400; i++) {
                    byte[] payload = Packets.pattern(100, i);
                    rig.net.run(() -> host.send(ByteBuffer.wrap(payload), GUEST));
                }
                rig.shard.turn(30_000_000_000L);
                for (int i = 0; i < 100; i++) {
                    assertEquals(0, rig.in.poll(64));
                    rig.shard.turn(0);
                }
                // One that it finds refused it keeps.
                assertEquals(refuses ? 2 : 1, rig.count(HostCounter.READS));
                rig.sink.room = true;
                rig.sink.refuses = false;
                for (int i = 0; i < 400; i++) {
                    byte[] got = rig.receive().bytes();
                    assertArrayEquals(Packets.pattern(100, i), Arrays.copyOfRange(got, 42, 142));
                }
                assertEquals(400, rig.count(HostCounter.RECEIVED));
            }
        }
    }

    @Test
    void shouldRespectTheBudget() throws Exception {
        try (TapRig rig = TapRig.plain();
                DatagramChannel host = rig.udp()) {
            for (int i = 0; i < 10; i++) {
                rig.net.run(() -> host.send(ByteBuffer.wrap(new byte[10]), GUEST));
            }
            assertEquals(3, rig.in.poll(3));
            assertEquals(3, rig.sink.got.size());
            assertEquals(7, rig.in.poll(64));
        }
    }

    @Test
    void shouldGoOnWhileFramesAreHeld() throws Exception {
        try (TapRig rig = TapRig.plain();
                DatagramChannel host = rig.udp()) {
            rig.sink.holds = true;
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 70; i++) {
                    byte[] payload = Packets.pattern(200, i);
                    rig.net.run(() -> host.send(ByteBuffer.wrap(payload), GUEST));
                }
                int seen = round;
                rig.until(
                        () ->
                                rig.count(HostCounter.RECEIVED) + rig.count(HostCounter.SINK)
                                        == 70L * (seen + 1));
                // All slots but the one that is read into.
                assertEquals(63, rig.sink.held.size());
                assertEquals(7L * (round + 1), rig.count(HostCounter.SINK));
                for (int i = 0; i < 63; i++) {
                    byte[] got = TestSink.copy(rig.sink.held.get(i)).bytes();
                    assertArrayEquals(Packets.pattern(200, i), Arrays.copyOfRange(got, 42, 242));
                }
                Thread other =
                        Thread.ofPlatform().start(() -> rig.sink.held.forEach(Frame::release));
                other.join();
                rig.sink.held.clear();
            }
        }
    }

    @Test
    void shouldWaitWhenTheHostHoldsTooMuch() throws Exception {
        HostNet net = new HostNet();
        net.command("ip link add br0 type bridge");
        net.command("ip link add slow type veth peer name far");
        try (TapRig rig = new TapRig(net, Offload.ALL, Map.of("sndbuf", "20000"))) {
            for (String name : List.of("br0", "slow", "far")) {
                net.command("ip link set " + name + " up");
            }
            net.command("ip link set slow mas" + "ter br0");
            net.command("ip link set tap0 mas" + "ter br0");
            net.command("tc qdisc add dev slow root tbf rate 8kbit burst 2000 limit 1000000");
            byte[] bytes = new byte[1000];
            bytes[0] = 2;
            bytes[5] = 1;
            bytes[6] = 2;
            bytes[12] = (byte) 0x88;
            Frame frame = rig.frame(bytes);
            Verdict verdict = Verdict.DONE;
            for (int i = 0; i < 1000 && verdict == Verdict.DONE; i++) {
                verdict = rig.put(frame);
            }
            assertEquals(Verdict.LATER, verdict);
            assertFalse(rig.out.hasRoom());
            long writes = rig.count(HostCounter.WRITES);
            assertEquals(Verdict.LATER, rig.put(frame));
            assertEquals(writes, rig.count(HostCounter.WRITES));
            assertEquals(1, rig.count(HostCounter.TRANSMIT_WAITS));

            net.command("tc qdisc del dev slow root");
            rig.shard.until(rig.out::hasRoom, () -> {});
            assertEquals(Verdict.DONE, rig.put(frame));
        }
    }

    @Test
    void shouldCountAndRecoverWhenTheInterfaceIsDown() throws Exception {
        try (TapRig rig = TapRig.plain();
                DatagramChannel host = rig.udp()) {
            Frame frame = rig.frame(Packets.arpRequest());
            rig.net.command("ip link set tap0 down");
            assertEquals(Verdict.DROPPED, rig.put(frame));
            assertEquals(1, rig.count(HostCounter.DOWN));
            assertTrue(rig.port.describe().contains("down"), rig.port.describe());
            rig.in.poll(64);
            rig.net.command("ip link set tap0 up");
            rig.net.command("ip neigh replace 10.9.0.2 lladdr 02:09:09:09:09:09 dev tap0");
            assertEquals(Verdict.DONE, rig.put(frame));
            assertEquals(0x0806 - 0x0800, rig.receive().bytes()[13]);
            rig.net.run(() -> host.send(ByteBuffer.wrap(new byte[10]), GUEST));
            rig.receive();
        }
    }

    @Test
    void shouldCountAndNotSpinWhenTheInterfaceIsDeleted() throws Exception {
        try (TapRig rig = TapRig.plain()) {
            rig.in.poll(64);
            rig.net.command("ip link del tap0");
            assertEquals(Verdict.DROPPED, rig.put(rig.frame(Packets.arpRequest())));
            assertEquals(1, rig.count(HostCounter.GONE));
            assertTrue(rig.port.describe().contains("no such interface"), rig.port.describe());
            assertEquals(65535, rig.port.mtu());
            assertEquals(1, rig.shard.turn(30_000_000_000L));
            for (int i = 0; i < 100; i++) {
                assertEquals(0, rig.in.poll(64));
                assertEquals(0, rig.shard.turn(0));
            }
            assertEquals(1, rig.count(HostCounter.READ_ERRORS));
            assertEquals(2, rig.count(HostCounter.READS));
        }
    }

    @Test
    void shouldGoOnWhenADeletedInterfaceIsMadeAgain() throws Exception {
        for (String queues : List.of("1", "2")) {
            HostNet net = new HostNet();
            try (TapRig rig =
                    new TapRig(net, Offload.ALL, Map.of("queues", queues), net.executor())) {
                net.run(() -> "");
                rig.in.poll(64);
                int offloads = rig.port.receiveOffloads();
                for (int round = 0; round < 3; round++) {
                    net.command("ip link del tap0");
                    rig.until(() -> rig.count(HostCounter.READ_ERRORS) > 0);
                    assertEquals(Verdict.DROPPED, rig.put(rig.frame(Packets.arpRequest())));
                    String kind = queues.equals("1") ? "" : " multi_queue";
                    net.command("ip tuntap add tap0 mode tap vnet_hdr" + kind);
                    net.command("ip addr add 10.9.0.1/24 dev tap0");
                    net.command("ip link set tap0 up");
                    net.command("ip neigh add 10.9.0.2 lladdr 02:09:09:09:09:09 dev tap0");
                    // The first answer may go to a queue that nobody reads, as at any start.
                    rig.until(
                            () -> {
                                rig.put(rig.frame(Packets.arpRequest()));
                                return !rig.sink.got.isEmpty();
                            });
                    assertEquals(0x0806 - 0x0800, rig.receive().bytes()[13]);
                    assertEquals(offloads, rig.port.receiveOffloads());
                    assertEquals(1, rig.port.attachedCount());
                    rig.sink.got.clear();
                }
            }
        }
    }

    @Test
    void shouldShowCountersUnderThePortsName() throws Exception {
        try (TapRig rig = TapRig.plain()) {
            rig.send(Packets.arpRequest());
            List<String> names = new java.util.ArrayList<>();
            rig.registry.visit(new SeriesNames(names));
            assertTrue(
                    names.contains(
                            "ringside_net_port_packets_total"
                                    + "{direction=transmit, port=tap:tap0, queue=0}"),
                    names.toString());
        }
    }

    private static byte[] receive(TapRig rig, DatagramChannel host) throws Exception {
        ByteBuffer received = ByteBuffer.allocate(70_000);
        rig.net.run(() -> host.receive(received));
        return Arrays.copyOf(received.array(), received.position());
    }
}
