package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Frames over a veth pair: from one packet socket to another, and to the kernel's stack. */
class PacketSocketTest {
    private static final byte[] ETHERTYPE = {(byte) 0x88, (byte) 0xb5};
    private static final byte[] MAC = {2, 9, 9, 9, 9, 9};

    private final NativeBuffer buffer = NativeBuffer.allocate(1 << 17, 16);
    private final IoVectors pieces = IoVectors.allocate(4);
    private final TestNet net;

    PacketSocketTest() throws Exception {
        net = new TestNet();
    }

    @BeforeEach
    void plug() throws Exception {
        net.ip("link add one type veth peer name two");
        net.ip("link set one up");
        net.ip("link set two up");
    }

    @AfterEach
    void free() {
        net.close();
        pieces.close();
        buffer.close();
    }

    @Test
    void shouldReceiveWhatTheOtherEndSends() throws Exception {
        try (PacketSocket one = open("one", PacketOptions.DEFAULT);
                PacketSocket two = open("two", PacketOptions.DEFAULT)) {
            Random random = new Random(Leaks.seed());
            for (int i = 0; i < 2000; i++) {
                byte[] frame = new byte[60 + random.nextInt(1455)];
                random.nextBytes(frame);
                System.arraycopy(ETHERTYPE, 0, frame, 12, 2);
                frame[0] &= (byte) 0xfe;

                assertEquals(frame.length + PacketSocket.HEADER_BYTES, send(one, frame));

                await(two);
                assertArrayEquals(frame, frame(two));
                assertTrue(two.peek());
                assertArrayEquals(frame, frame(two));
                two.consume();
            }
            // It heard nothing of what it sent.
            assertFalse(one.peek());
            assertFalse(two.peek());
            assertEquals(0, two.askDrops());
        }
    }

    @Test
    void shouldPutVlanTagsBack() throws Exception {
        for (boolean header : new boolean[] {true, false}) {
            PacketOptions options = options(header, 2, true);
            try (PacketSocket one = open("one", options);
                    PacketSocket two = open("two", options)) {
                byte[] frame = TestFrame.pattern(100, 5);
                frame[0] &= (byte) 0xfe;
                // 802.1ad around 802.1Q, and a tag of priority 5 and VLAN 0x123 alone
                byte[] two1ad = {(byte) 0x88, (byte) 0xa8, 0x0f, (byte) 0xff, (byte) 0x81, 0, 0, 7};
                byte[] one1q = {(byte) 0x81, 0, (byte) 0xa1, 0x23, (byte) 0x88, (byte) 0xb5};
                for (byte[] tags : new byte[][] {two1ad, one1q}) {
                    System.arraycopy(tags, 0, frame, 12, tags.length);
                    send(one, frame);
                    await(two);
                    assertArrayEquals(frame, frame(two));
                    two.consume();
                }
            }
        }
    }

    @Test
    void shouldLeaveSumsToTheReaderAndCorrectThemBehindTags() throws Exception {
        net.ip("addr add 10.9.0.1/24 dev one");
        net.ip("neigh add 10.9.0.2 lladdr 02:09:09:09:09:09 dev one nud permanent");
        try (PacketSocket two = open("two", PacketOptions.DEFAULT);
                DatagramChannel host = hostSocket()) {
            byte[] payload = TestFrame.pattern(500, 6);
            InetSocketAddress there = new InetSocketAddress("10.9.0.2", 4000);
            net.run(() -> host.send(ByteBuffer.wrap(payload), there));
            await(two);
            assertArrayEquals(new byte[] {1, 0, 0, 0, 0, 0, 34, 0, 6, 0}, header(two));
            byte[] frame = frame(two);
            assertEquals(TestFrame.UDP_HEADERS + 500, frame.length);
            assertArrayEquals(payload, Arrays.copyOfRange(frame, 42, 542));
            two.consume();

            assertFalse(two.peek());
        }
    }

    @Test
    void shouldCorrectTheHeaderWhenATagIsPutBack() throws Exception {
        try (PacketSocket one = open("one", PacketOptions.DEFAULT);
                PacketSocket two = open("two", PacketOptions.DEFAULT)) {
            byte[] udp = TestFrame.udp(MAC, 1, 2, TestFrame.pattern(3000, 8));
            byte[] frame = new byte[udp.length + 4];
            System.arraycopy(udp, 0, frame, 0, 12);
            System.arraycopy(new byte[] {(byte) 0x81, 0, 0, 5}, 0, frame, 12, 4);
            System.arraycopy(udp, 12, frame, 16, udp.length - 12);
            // NEEDS_CSUM, GSO_UDP_L4 (hdr_len 46, gso_size 1400), csum_start 38, csum_offset 6
            byte[] header = {1, 5, 46, 0, 0x78, 5, 38, 0, 6, 0};

            assertEquals(frame.length + header.length, send(one, frame, header));

            await(two);
            byte[] got = header(two);
            // The kernel's hdr_len covers at least the headers.
            assertTrue((got[2] & 0xff) >= 46 || got[3] > 0, Arrays.toString(got));
            got[2] = header[2];
            got[3] = header[3];
            assertArrayEquals(header, got);
            assertArrayEquals(frame, frame(two));
        }
    }

    @Test
    void shouldGiveTheHostWhatIsSent() throws Exception {
        net.ip("addr add 10.9.0.1/24 dev one");
        try (PacketSocket two = open("two", options(true, 2, true));
                DatagramChannel host = hostSocket();
                NetInterface one = net.run(() -> NetInterface.open("one"))) {
            byte[] payload = TestFrame.pattern(1400, 7);
            byte[] frame = TestFrame.udp(one.mac(), 4000, 7000, payload);
            assertEquals(frame.length + PacketSocket.HEADER_BYTES, send(two, frame));
            ByteBuffer received = ByteBuffer.allocate(2000);
            net.run(() -> host.receive(received));
            assertArrayEquals(payload, Arrays.copyOf(received.array(), received.position()));
        }
    }

    @Test
    void shouldHoldAndCountWhatNobodyTakes() throws Exception {
        int block = PacketOptions.MIN_BLOCK_BYTES;
        PacketOptions small = new PacketOptions(true, true, false, 100, block, 4);
        try (PacketSocket one = open("one", small);
                PacketSocket two = open("two", small)) {
            byte[] frame = new byte[1514];
            System.arraycopy(ETHERTYPE, 0, frame, 12, 2);
            for (int i = 0; i < 1000; i++) {
                frame[20] = (byte) i;
                frame[21] = (byte) (i >> 8);
                assertEquals(frame.length + PacketSocket.HEADER_BYTES, send(one, frame));
            }
            int received = 0;
            while (two.peek()) {
                byte[] got = frame(two);
                assertEquals(received, (got[20] & 0xff) | (got[21] & 0xff) << 8);
                received++;
                two.consume();
            }
            assertTrue(received >= 3 * 80 && received < 1000, "received " + received);
            // Nothing came since: nobody said that frames were lost.
            assertEquals(0, two.drops());
            send(one, frame);
            await(two);
            assertEquals(1000 - received, two.drops());
            assertEquals(1000 - received, two.askDrops());
        }
    }

    @Test
    void shouldDealOutFlowsWhenSocketsJoin() throws Exception {
        try (PacketSocket one = open("one", PacketOptions.DEFAULT);
                PacketSocket first = open("two", PacketOptions.DEFAULT)) {
            int group = first.join(PacketSocket.NEW_GROUP);
            assertThrows(IllegalArgumentException.class, () -> first.join(-2));
            try (PacketSocket second = open("two", PacketOptions.DEFAULT)) {
                assertEquals(group, second.join(group));
                sendFlows(one);
                int[] counts = new int[2];
                while (counts[0] + counts[1] < 64) {
                    counts[0] += drain(first);
                    counts[1] += drain(second);
                }
                assertTrue(counts[0] > 0 && counts[1] > 0, Arrays.toString(counts));
            }
            sendFlows(one);
            int all = 0;
            while (all < 64) {
                all += drain(first);
            }
            assertEquals(64, all);
        }
    }

    private void sendFlows(PacketSocket socket) {
        for (int port = 1; port <= 64; port++) {
            assertTrue(send(socket, TestFrame.udp(MAC, port, 9, new byte[30])) > 0);
        }
    }

    @Test
    void shouldTellWhenTheInterfaceIsDownOrGone() throws Exception {
        try (PacketSocket one = open("one", PacketOptions.DEFAULT);
                PacketSocket two = open("two", PacketOptions.DEFAULT)) {
            byte[] frame = new byte[60];
            System.arraycopy(ETHERTYPE, 0, frame, 12, 2);
            net.ip("link set one down");
            assertEquals(Errno.ENETDOWN, one.takeError());
            assertEquals(0, one.takeError());
            assertEquals(-Errno.ENETDOWN, send(one, frame));
            net.ip("link set one up");
            assertTrue(send(one, frame) > 0);
            await(two);
            two.consume();
            assertEquals(-Errno.EMSGSIZE, send(one, new byte[2000]));
            assertEquals(-Errno.EINVAL, send(one, new byte[10]));
            net.ip("link del one");
            assertEquals(-Errno.ENXIO, send(one, frame));
            assertFalse(one.peek());
        }
    }

    @Test
    void shouldRefuseWithTheWayOut() throws Exception {
        long descriptors = Leaks.descriptors("socket:");
        assertEquals(
                Errno.EINVAL,
                assertThrows(LinuxException.class, () -> open("lo", PacketOptions.DEFAULT))
                        .errno());
        assertEquals(
                Errno.ENODEV,
                assertThrows(LinuxException.class, () -> open("none", PacketOptions.DEFAULT))
                        .errno());
        assertThrows(IllegalArgumentException.class, () -> options(true, 1, true));
        assertThrows(
                IllegalArgumentException.class,
                () -> new PacketOptions(true, true, false, 1, 4096, 64));
        assertThrows(
                IllegalArgumentException.class,
                () -> new PacketOptions(true, true, false, 0, 1 << 17, 64));
        assertEquals(descriptors, Leaks.descriptors("socket:"));
        assertEquals(0, Leaks.mappings("socket:").size());
    }

    private static PacketOptions options(boolean header, int blocks, boolean bypass) {
        return new PacketOptions(header, true, bypass, 1, PacketOptions.MIN_BLOCK_BYTES, blocks);
    }

    private PacketSocket open(String name, PacketOptions options) throws Exception {
        return net.run(() -> PacketSocket.open(name, options));
    }

    private DatagramChannel hostSocket() throws Exception {
        return net.run(() -> DatagramChannel.open().bind(new InetSocketAddress("10.9.0.1", 7000)));
    }

    private int send(PacketSocket socket, byte[] frame) {
        return send(socket, frame, new byte[PacketSocket.HEADER_BYTES]);
    }

    private int send(PacketSocket socket, byte[] frame, byte[] headerContent) {
        int header = socket.headerBytes();
        MemorySegment.copy(headerContent, 0, buffer.segment(), JAVA_BYTE, 0, header);
        MemorySegment.copy(frame, 0, buffer.segment(), JAVA_BYTE, header, frame.length);
        pieces.clear();
        pieces.add(buffer.address(), header);
        pieces.add(buffer.address() + header, frame.length);
        return socket.writev(pieces);
    }

    private static int drain(PacketSocket socket) {
        int count = 0;
        while (socket.peek()) {
            socket.consume();
            count++;
        }
        return count;
    }

    /** Waits until a frame is there, as a shard would. */
    private static void await(PacketSocket socket) throws LinuxException {
        try (Epoll epoll = Epoll.create()) {
            epoll.add(socket.fd(), Epoll.IN, 1);
            while (!socket.peek()) {
                epoll.await(-1);
            }
        }
    }

    private static byte[] frame(PacketSocket socket) {
        return TestFrame.bytes(socket.memory(), socket.frameOffset(), socket.frameBytes());
    }

    private static byte[] header(PacketSocket socket) {
        int length = socket.headerBytes();
        return TestFrame.bytes(socket.memory(), socket.frameOffset() - length, length);
    }
}
