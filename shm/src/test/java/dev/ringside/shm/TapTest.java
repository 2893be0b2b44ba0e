package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Frames through a TAP interface to the kernel's own stack and back. */
class TapTest {
    private static final int ROOM = 1 << 17;
    private static final int HEADER = Tap.HEADER_BYTES;

    private final NativeBuffer buffer = NativeBuffer.allocate(ROOM, 16);
    private final IoVectors pieces = IoVectors.allocate(4);
    private TestNet net;

    TapTest() throws Exception {
        net = new TestNet();
    }

    @BeforeEach
    void start() throws Exception {
        assertFalse(net.run(() -> NetInterface.exists("tap0")));
    }

    @AfterEach
    void free() {
        net.close();
        pieces.close();
        buffer.close();
    }

    @Test
    void shouldReadWhatTheHostSends() throws Exception {
        try (Tap tap = upTap(1, true);
                DatagramChannel host = hostSocket()) {
            assertTrue(tap.wasCreated());
            assertEquals(-Errno.EAGAIN, read(tap, 0));
            byte[] payload = TestFrame.pattern(1000, 1);
            send(host, payload, 4000);

            int got = read(tap, 0);

            // Without offloads asked for, the host has done its sums.
            assertEquals(HEADER + TestFrame.UDP_HEADERS + 1000, got);
            assertArrayEquals(new byte[10], TestFrame.bytes(buffer.segment(), 0, 10));
            assertArrayEquals(payload, payloadAt(HEADER, 1000));
            assertEquals(0xffff, udpSum(HEADER, 1000));
            assertEquals(-Errno.EAGAIN, read(tap, 0));
        }
    }

    @Test
    void shouldLeaveSumsToTheReaderWhenAccepted() throws Exception {
        try (Tap tap = upTap(1, true);
                DatagramChannel host = hostSocket()) {
            assertEquals(TapOffload.TUN_F_CSUM, tap.setOffload(TapOffload.TUN_F_CSUM));
            send(host, TestFrame.pattern(333, 2), 4000);

            int got = read(tap, 0);

            assertEquals(HEADER + TestFrame.UDP_HEADERS + 333, got);
            byte[] header = TestFrame.bytes(buffer.segment(), 0, HEADER);
            // VIRTIO_NET_HDR_F_NEEDS_CSUM; csum_start: after IP; csum_offset: in UDP
            assertArrayEquals(
                    new byte[] {1, 0, 0, 0, 0, 0, 34, 0, 6, 0}, Arrays.copyOf(header, 10));
            assertArrayEquals(TestFrame.pattern(333, 2), payloadAt(HEADER, 333));
        }
    }

    @Test
    void shouldGiveTheHostWhatIsWritten() throws Exception {
        try (Tap tap = upTap(1, true);
                DatagramChannel host = hostSocket()) {
            byte[] payload = TestFrame.pattern(1400, 3);

            assertEquals(HEADER + TestFrame.UDP_HEADERS + 1400, write(tap, 0, payload, true));

            ByteBuffer received = ByteBuffer.allocate(2000);
            assertEquals(
                    new InetSocketAddress("10.9.0.2", 4000), net.run(() -> host.receive(received)));
            assertArrayEquals(payload, Arrays.copyOf(received.array(), received.position()));
        }
    }

    @Test
    void shouldCarryBareFramesWithoutHeader() throws Exception {
        try (Tap tap = upTap(1, false);
                DatagramChannel host = hostSocket()) {
            assertFalse(tap.hasVnetHeader());
            assertEquals(0, tap.headerBytes());
            assertEquals(0, tap.setOffload(TapOffload.TUN_F_CSUM));
            byte[] payload = TestFrame.pattern(77, 4);
            send(host, payload, 4000);

            assertEquals(TestFrame.UDP_HEADERS + 77, read(tap, 0));
            assertArrayEquals(payload, payloadAt(0, 77));
            assertEquals(TestFrame.UDP_HEADERS + 77, write(tap, 0, payload, false));
            ByteBuffer received = ByteBuffer.allocate(2000);
            net.run(() -> host.receive(received));
            assertArrayEquals(payload, Arrays.copyOf(received.array(), received.position()));
        }
    }

    @Test
    void shouldGiveAllTrafficToTheQueuesThatAreAttached() throws Exception {
        try (Tap tap = upTap(4, true);
                DatagramChannel host = hostSocket()) {
            assertEquals(4, tap.queueCount());
            for (int queue = 1; queue < 4; queue++) {
                assertTrue(tap.isAttached(queue));
                assertEquals(0, tap.detach(queue));
                assertEquals(0, tap.detach(queue));
                assertFalse(tap.isAttached(queue));
            }
            for (int port = 5000; port < 5064; port++) {
                send(host, TestFrame.pattern(10, port), port);
            }
            for (int port = 5000; port < 5064; port++) {
                assertEquals(HEADER + TestFrame.UDP_HEADERS + 10, read(tap, 0));
            }
            assertEquals(-Errno.EAGAIN, read(tap, 0));
            assertEquals(-Errno.EAGAIN, read(tap, 1));

            for (int queue = 1; queue < 4; queue++) {
                assertEquals(0, tap.attach(queue));
                assertEquals(0, tap.attach(queue));
                assertTrue(tap.isAttached(queue));
            }
            // Flows find their queue by hash now: those that queue 0 spoke of stay, others spread.
            for (int port = 6000; port < 6064; port++) {
                send(host, TestFrame.pattern(10, port), port);
            }
            int[] counts = new int[4];
            for (int queue = 0; queue < 4; queue++) {
                while (read(tap, queue) > 0) {
                    counts[queue]++;
                }
            }
            assertEquals(64, Arrays.stream(counts).sum());
            assertTrue(Arrays.stream(counts).filter(n -> n > 0).count() > 1, "" + counts[0]);
        }
    }

    @Test
    void shouldSetOffloadsThroughAnyAttachedQueue() throws Exception {
        try (Tap tap = upTap(2, true)) {
            assertEquals(0, tap.detach(0));
            assertEquals(TapOffload.TUN_F_CSUM, tap.setOffload(TapOffload.TUN_F_CSUM));
            assertEquals(0, tap.attach(0));
        }
    }

    @Test
    void shouldSayAgainWhenTheHostHoldsTooMuch() throws Exception {
        // A bridge hands frames on to a queue that lets one kilobyte a second pass.
        net.ip("link add br0 type bridge");
        net.ip("link add slow type veth peer name far");
        try (Tap tap = net.run(() -> Tap.open("tap0", 1, true))) {
            for (String name : List.of("br0", "slow", "far", "tap0")) {
                net.ip("link set " + name + " up");
            }
            net.ip("link set slow mas" + "ter br0");
            net.ip("link set tap0 mas" + "ter br0");
            net.command("tc qdisc add dev slow root tbf rate 8kbit burst 2000 limit 1000000");
            tap.setSendBuffer(20_000);
            int written = 0;
            int result = 0;
            fill(tap, new byte[1000], true);
            // To somebody else, and not IP, which the bridge's filter would take over.
            buffer.segment()
                    .set(JAVA_BYTE, HEADER + 5, (byte) ~buffer.segment().get(JAVA_BYTE, 17));
            buffer.segment().set(JAVA_BYTE, HEADER + 12, (byte) 0x88);
            while (result >= 0 && written < 1000) {
                result = tap.writev(0, pieces);
                written++;
            }

            assertEquals(-Errno.EAGAIN, result, written + " written");
            net.command("tc qdisc del dev slow root");
            assertTrue(tap.writev(0, pieces) > 0);
        }
    }

    @Test
    void shouldTellWhenTheInterfaceIsDownOrGone() throws Exception {
        try (Tap tap = upTap(1, true)) {
            net.ip("link set tap0 down");
            assertEquals(-Errno.EIO, write(tap, 0, new byte[10], true));
            assertEquals(-Errno.EAGAIN, read(tap, 0));
            net.ip("link set tap0 up");
            assertTrue(write(tap, 0, new byte[10], true) > 0);
            net.ip("link del tap0");
            assertEquals(-Errno.EBADFD, write(tap, 0, new byte[10], true));
            assertEquals(-Errno.EBADFD, read(tap, 0));
        }
    }

    @Test
    void shouldRefuseHeadersThatDoNotFitTheFrame() throws Exception {
        try (Tap tap = upTap(1, true)) {
            MemorySegment memory = buffer.segment();
            fill(tap, new byte[100], true);
            memory.set(JAVA_BYTE, 0, (byte) 1);
            memory.set(JAVA_BYTE, 7, (byte) 0x7f);
            assertEquals(-Errno.EINVAL, tap.writev(0, pieces));
            pieces.clear();
            pieces.add(buffer.address(), HEADER + 5);
            memory.asSlice(0, HEADER).fill((byte) 0);
            assertEquals(-Errno.EINVAL, tap.writev(0, pieces));
        }
    }

    private Tap upTap(int queues, boolean vnetHeader) throws Exception {
        Tap tap = net.run(() -> Tap.open("tap0", queues, vnetHeader));
        net.ip("addr add 10.9.0.1/24 dev tap0");
        net.ip("link set tap0 up");
        net.ip("neigh add 10.9.0.2 lladdr 02:09:09:09:09:09 dev tap0 nud permanent");
        assertEquals("tap0", tap.name());
        return tap;
    }

    private DatagramChannel hostSocket() throws Exception {
        return net.run(
                () -> {
                    DatagramChannel channel = DatagramChannel.open();
                    return channel.bind(new InetSocketAddress("10.9.0.1", 7000));
                });
    }

    private void send(DatagramChannel host, byte[] payload, int port) throws Exception {
        InetSocketAddress there = new InetSocketAddress("10.9.0.2", port);
        assertEquals(
                payload.length, (int) net.run(() -> host.send(ByteBuffer.wrap(payload), there)));
    }

    private int read(Tap tap, int queue) {
        return tap.read(queue, buffer.address(), ROOM);
    }

    private int write(Tap tap, int queue, byte[] payload, boolean header) throws Exception {
        fill(tap, payload, header);
        return tap.writev(queue, pieces);
    }

    /** Puts a UDP frame to the buffer, in pieces. */
    private void fill(Tap tap, byte[] payload, boolean header) throws Exception {
        byte[] mac = new byte[NetInterface.MAC_BYTES];
        if (net.run(() -> NetInterface.exists(tap.name()))) {
            try (NetInterface host = net.run(() -> NetInterface.open(tap.name()))) {
                mac = host.mac();
            }
        }
        byte[] frame = TestFrame.udp(mac, 4000, 7000, payload);
        int start = header ? HEADER : 0;
        buffer.segment().asSlice(0, HEADER).fill((byte) 0);
        MemorySegment.copy(MemorySegment.ofArray(frame), 0, buffer.segment(), start, frame.length);
        pieces.clear();
        for (int length : List.of(start, 9, frame.length - 9)) {
            assertTrue(pieces.add(buffer.address() + pieces.sizeBytes(), length));
        }
        assertEquals(start + frame.length, pieces.sizeBytes());
        assertEquals(3, pieces.count());
    }

    private byte[] payloadAt(int frame, int length) {
        return TestFrame.bytes(buffer.segment(), frame + TestFrame.UDP_HEADERS, length);
    }

    /** The sum over pseudo header and datagram, which is all ones when the checksum is right. */
    private int udpSum(int frame, int length) {
        byte[] bytes = TestFrame.bytes(buffer.segment(), frame, TestFrame.UDP_HEADERS + length);
        int sum = TestFrame.sum(bytes, 26, 16 + length) + 17 + 8 + length;
        return (sum & 0xffff) + (sum >>> 16);
    }
}
