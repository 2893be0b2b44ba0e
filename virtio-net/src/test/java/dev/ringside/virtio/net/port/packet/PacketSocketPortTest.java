package dev.ringside.virtio.net.port.packet;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.PacketSocket;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.Packets;
import dev.ringside.virtio.net.port.host.TestSink;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Frames between a guest and the other end of a veth pair, by packet sockets. */
class PacketSocketPortTest {
    private static final byte[] PLAIN = new byte[PacketSocket.HEADER_BYTES];
    private static final InetSocketAddress GUEST = new InetSocketAddress("10.9.0.2", 4000);
    private static final long SECOND_NS = 1_000_000_000L;

    @Test
    void shouldAnswerArpAndPings() throws Exception {
        try (PacketRig rig = new PacketRig(Offload.ALL, Map.of())) {
            rig.send(Packets.arpRequest());
            assertArrayEquals(rig.hostMac(), Arrays.copyOfRange(rig.receive().bytes(), 22, 28));
            for (int size = 0; size <= 1472; size += 92) {
                byte[] payload = Packets.pattern(size, size);
                rig.send(Packets.ping(rig.hostMac(), size, payload));
                byte[] echo = rig.receive().bytes();
                assertArrayEquals(payload, Arrays.copyOfRange(echo, 42, 42 + size));
            }
            // What the guest sends it does not hear.
            assertEquals(18, rig.count(HostCounter.RECEIVED));
            assertEquals(18, rig.count(HostCounter.TRANSMITTED));
        }
    }

    @Test
    void shouldCarryAnyFrameUnchangedBothWays() throws Exception {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println("ringside.seed=" + seed);
        Random random = new Random(seed);
        try (PacketRig rig = new PacketRig(Offload.ALL, Map.of());
                PacketSocket peer = rig.peer()) {
            for (int i = 0; i < 300; i++) {
                byte[] bytes = randomFrame(random);
                rig.send(bytes);
                await(peer);
                byte[] got =
                        peer.memory()
                                .asSlice(peer.frameOffset(), peer.frameBytes())
                                .toArray(JAVA_BYTE);
                assertArrayEquals(bytes, got);
                peer.consume();

                byte[] back = randomFrame(random);
                rig.sendFrom(peer, PLAIN, back);
                TestSink.Got arrived = rig.receive();
                assertArrayEquals(back, arrived.bytes());
                assertEquals(Offload.NONE, arrived.needs());
            }
            assertEquals(300, rig.count(HostCounter.RECEIVED));
        }
    }

    /** Up to the MTU, to a MAC that nobody has, of a type that no stack answers; some tagged. */
    private static byte[] randomFrame(Random random) {
        byte[] bytes = new byte[14 + random.nextInt(1501)];
        random.nextBytes(bytes);
        bytes[0] = 2;
        bytes[6] = 2;
        bytes[12] = (byte) 0x88;
        bytes[13] = (byte) 0xb5;
        // The kernel drops tagged frames that end less than two bytes behind the inner type.
        if (bytes.length >= 20 && random.nextBoolean()) {
            bytes[12] = (byte) 0x81;
            bytes[13] = 0;
            bytes[16] = (byte) 0x88;
            bytes[17] = (byte) 0xb5;
        }
        return bytes;
    }

    @Test
    void shouldLeaveOffloadsUndoneWhenTheGuestAccepts() throws Exception {
        try (PacketRig rig = new PacketRig(Offload.ALL, Map.of());
                DatagramChannel host = rig.net.udp("10.9.0.1", 7000)) {
            byte[] payload = Packets.pattern(1200, 1);
            rig.net.run(() -> host.send(ByteBuffer.wrap(payload), GUEST));
            TestSink.Got got = rig.receive();
            assertEquals(Offload.CSUM, got.needs());
            assertEquals(34, got.checksumStart());
            assertArrayEquals(payload, Arrays.copyOfRange(got.bytes(), 42, 1242));

            byte[] large = Packets.pattern(30_000, 2);
            Frame frame = rig.frame(Packets.udp(rig.hostMac(), 4000, 7000, large));
            frame.needChecksum(34, 6);
            frame.needSegmentation(Frame.GSO_UDP_L4, 1000, false);
            assertEquals(Verdict.DONE, rig.out.put(frame));
            for (int at = 0; at < large.length; at += 1000) {
                ByteBuffer received = ByteBuffer.allocate(2000);
                rig.net.run(() -> host.receive(received));
                byte[] datagram = Arrays.copyOf(received.array(), received.position());
                assertArrayEquals(Arrays.copyOfRange(large, at, at + 1000), datagram);
            }
        }
    }

    @Test
    void shouldDoInSoftwareWhatTheGuestDoesNotAccept() throws Exception {
        try (PacketRig rig = new PacketRig(Offload.NONE, Map.of());
                PacketSocket peer = rig.peer()) {
            byte[] payload = Packets.pattern(5000, 3);
            byte[] udp = Packets.udp(new byte[] {2, 9, 9, 9, 9, 9}, 4000, 7000, payload);
            // NEEDS_CSUM, GSO_UDP_L4, hdr_len 42, gso_size 1000, csum_start 34, csum_offset 6
            byte[] header = {1, 5, 42, 0, (byte) 0xe8, 3, 34, 0, 6, 0};
            rig.sendFrom(peer, header, udp);
            for (int at = 0; at < payload.length; at += 1000) {
                byte[] got = rig.receive().bytes();
                assertEquals(1042, got.length);
                assertArrayEquals(
                        Arrays.copyOfRange(payload, at, at + 1000),
                        Arrays.copyOfRange(got, 42, 1042));
                assertEquals(0xffff, Packets.sum(got, 26, 1016, 17 + 1008));
            }
        }
    }

    @Test
    void shouldNotCallWhileNothingComes() throws Exception {
        try (PacketRig rig = new PacketRig(Offload.ALL, Map.of());
                PacketSocket peer = rig.peer()) {
            for (int i = 0; i < 1000; i++) {
                assertEquals(0, rig.in.poll(64));
                rig.shard.turn(0);
            }
            assertEquals(1, rig.count(HostCounter.RECEIVE_WAITS));
            assertEquals(Long.MAX_VALUE, rig.shard.wakeByNs());
            rig.sendFrom(peer, PLAIN, randomFrame(new Random(1)));
            // A shard that sleeps in its ring wakes.
            assertEquals(1, rig.shard.turn(30 * SECOND_NS));
            assertEquals(1, rig.in.poll(64));
            assertEquals(1, rig.sink.flushes);
        }
    }

    @Test
    void shouldKeepFramesInTheRingWhileTheGuestHasNoRoom() throws Exception {
        for (boolean refuses : new boolean[] {false, true}) {
            try (PacketRig rig = new PacketRig(Offload.ALL, Map.of());
                    PacketSocket peer = rig.peer()) {
                rig.sink.room = refuses;
                rig.sink.refuses = refuses;
                byte[] bytes = randomFrame(new Random(2));
                for (int i = 0; i < 2000; i++) {
                    bytes[6] = (byte) (2 + 4 * (i & 0x3f));
                    bytes[7] = (byte) (i >> 6);
                    rig.sendFrom(peer, PLAIN, bytes);
                }
                for (int i = 0; i < 100; i++) {
                    assertEquals(0, rig.in.poll(64));
                    rig.shard.turn(0);
                }
                rig.sink.room = true;
                rig.sink.refuses = false;
                for (int i = 0; i < 2000; i++) {
                    byte[] got = rig.receive().bytes();
                    assertEquals((byte) (2 + 4 * (i & 0x3f)), got[6]);
                    assertEquals((byte) (i >> 6), got[7]);
                }
                assertEquals(0, rig.count(HostCounter.RING_FULL));
            }
        }
    }

    @Test
    void shouldCountWhatTheRingHadNoRoomFor() throws Exception {
        try (PacketRig rig = new PacketRig(Offload.ALL, Map.of("ring-mib", "1", "wait-ms", "200"));
                PacketSocket peer = rig.peer()) {
            rig.sink.room = false;
            byte[] bytes = new byte[1514];
            bytes[0] = 2;
            bytes[12] = (byte) 0x88;
            for (int i = 0; i < 1500; i++) {
                rig.sendFrom(peer, PLAIN, bytes);
            }
            rig.sink.room = true;
            rig.until(() -> rig.count(HostCounter.RECEIVED) >= 400);
            rig.sendFrom(peer, PLAIN, bytes);
            rig.until(
                    () ->
                            rig.count(HostCounter.RECEIVED) + rig.count(HostCounter.RING_FULL)
                                    == 1501);
            assertTrue(rig.count(HostCounter.RING_FULL) > 0);
        }
    }

    @Test
    void shouldCopyWhatIsHeld() throws Exception {
        try (PacketRig rig = new PacketRig(Offload.ALL, Map.of());
                PacketSocket peer = rig.peer()) {
            rig.sink.holds = true;
            Random random = new Random(3);
            byte[][] sent = new byte[70][];
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < 70; i++) {
                    sent[i] = randomFrame(random);
                    rig.sendFrom(peer, PLAIN, sent[i]);
                }
                long all = 70L * (round + 1);
                rig.until(
                        () -> rig.count(HostCounter.RECEIVED) + rig.count(HostCounter.SINK) == all);
                assertEquals(63, rig.sink.held.size());
                for (int i = 0; i < 63; i++) {
                    assertArrayEquals(sent[i], TestSink.copy(rig.sink.held.get(i)).bytes());
                }
                rig.sink.held.forEach(Frame::release);
                rig.sink.held.clear();
            }
        }
    }

    @Test
    void shouldDealOutFlowsToEnabledPairs() throws Exception {
        try (PacketRig rig = new PacketRig(Offload.ALL, Map.of("queues", "2"));
                PacketSocket peer = rig.peer()) {
            assertEquals(2, rig.port.maxQueuePairs());
            TestSink second = new TestSink(Offload.ALL);
            FrameSource other = rig.port.openReceive(rig.shard, 1, second);
            rig.settle();
            other.poll(64);
            sendFlows(rig, peer);
            rig.shard.until(
                    () -> rig.sink.got.size() + second.got.size() == 64,
                    () -> {
                        rig.in.poll(64);
                        other.poll(64);
                    });
            assertTrue(!rig.sink.got.isEmpty() && !second.got.isEmpty());

            other.setEnabled(false);
            rig.shard.turn(0);
            rig.settle();
            rig.sink.got.clear();
            sendFlows(rig, peer);
            rig.until(() -> rig.sink.got.size() == 64);
            other.setEnabled(true);
            other.close();
        }
    }

    private static void sendFlows(PacketRig rig, PacketSocket peer) {
        for (int port = 1; port <= 64; port++) {
            byte[] bytes = Packets.udp(new byte[] {2, 9, 9, 9, 9, 9}, port, 9, new byte[30]);
            bytes[40] = 0;
            bytes[41] = 0;
            rig.sendFrom(peer, PLAIN, bytes);
        }
    }

    @Test
    void shouldCountAndRecoverWhenTheInterfaceIsDown() throws Exception {
        try (PacketRig rig = new PacketRig(Offload.ALL, Map.of());
                PacketSocket peer = rig.peer()) {
            byte[] bytes = randomFrame(new Random(4));
            rig.net.command("ip link set one down");
            assertEquals(Verdict.DROPPED, rig.out.put(rig.frame(bytes)));
            assertEquals(1, rig.count(HostCounter.DOWN));
            assertTrue(rig.port.describe().contains("down"), rig.port.describe());
            rig.until(() -> rig.count(HostCounter.READ_ERRORS) == 1);
            rig.in.poll(64);
            // It is looked after once a second, and else left alone.
            assertTrue(rig.shard.wakeByNs() < Long.MAX_VALUE);
            rig.net.command("ip link set one up");
            rig.send(bytes);
            // The other end drops until the kernel has noticed there, too.
            rig.shard.until(
                    () -> !rig.sink.got.isEmpty(),
                    () -> {
                        rig.sendFrom(peer, PLAIN, bytes);
                        rig.in.poll(64);
                    });
            assertArrayEquals(bytes, rig.receive().bytes());
            assertEquals(1, rig.count(HostCounter.READ_ERRORS));
        }
    }

    @Test
    void shouldComeBackWhenTheInterfaceIsMadeAgain() throws Exception {
        try (PacketRig rig = new PacketRig(Offload.ALL, Map.of())) {
            byte[] bytes = randomFrame(new Random(5));
            long nowNs = System.nanoTime();
            rig.shard.setNowNs(nowNs);
            rig.net.command("ip link del one");
            assertEquals(Verdict.DROPPED, rig.out.put(rig.frame(bytes)));
            assertEquals(Verdict.DROPPED, rig.out.put(rig.frame(bytes)));
            assertEquals(2, rig.count(HostCounter.GONE));
            assertTrue(rig.port.describe().contains("no such interface"), rig.port.describe());
            rig.until(() -> rig.count(HostCounter.READ_ERRORS) == 1);
            for (int second = 1; second < 5; second++) {
                rig.shard.setNowNs(nowNs + second * SECOND_NS);
                rig.shard.turn(0);
                rig.settle();
                assertEquals(Verdict.DROPPED, rig.out.put(rig.frame(bytes)));
            }
            rig.plug();
            for (int second = 5; second < 8; second++) {
                rig.shard.setNowNs(nowNs + second * SECOND_NS);
                rig.shard.turn(0);
                rig.settle();
                rig.out.put(rig.frame(bytes));
                rig.settle();
            }
            try (PacketSocket peer = rig.peer()) {
                rig.send(bytes);
                await(peer);
                rig.sendFrom(peer, PLAIN, bytes);
                assertArrayEquals(bytes, rig.receive().bytes());
            }
        }
    }

    @Test
    void shouldCountWhatIsLongerThanTheMtu() throws Exception {
        try (PacketRig rig = new PacketRig(Offload.ALL, Map.of("mtu", "1000"))) {
            assertEquals(1000, rig.port.mtu());
            byte[] bytes = new byte[1100];
            assertEquals(Verdict.DROPPED, rig.out.put(rig.frame(bytes)));
            assertEquals(1, rig.count(HostCounter.TOO_LONG));
        }
    }

    @Test
    void shouldRefuseWithTheWayOut() throws Exception {
        LinuxException none = assertThrows(LinuxException.class, () -> open("ringside-none"));
        assertTrue(none.getMessage().contains("no such interface"), none.getMessage());
        assertThrows(IllegalArgumentException.class, () -> open(""));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        PacketSocketPort.open(
                                new PortUri("packet", "lo", Map.of("vnet", "off")),
                                new MetricsRegistry(),
                                Runnable::run));
        assertThrows(LinuxException.class, () -> open("lo"));
    }

    private static PacketSocketPort open(String name) throws LinuxException {
        PortUri uri = new PortUri("packet", name, Map.of());
        return PacketSocketPort.open(uri, new MetricsRegistry(), Runnable::run);
    }

    private static void await(PacketSocket socket) throws LinuxException {
        try (Epoll epoll = Epoll.create()) {
            epoll.add(socket.fd(), Epoll.IN, 1);
            while (!socket.peek()) {
                epoll.await(30 * SECOND_NS);
            }
        }
    }
}
