package dev.ringside.virtio.net.port.tap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.port.host.Packets;
import dev.ringside.virtio.net.port.host.TestSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A TCP connection between the kernel's stack and a guest that a test plays by hand. */
class TapTcpTest {
    private static final int PORT = 7001;
    private static final int SYN = 2;
    private static final int PUSH_ACK = 0x18;
    private static final int ACK = 0x10;
    private static final int FIRST = 1000;
    private static final byte[] NOTHING = {};

    @Test
    void shouldPassLargeSegmentsBothWaysWhenTheGuestAcceptsThem() throws Exception {
        exchange(Offload.ALL, true);
    }

    @Test
    void shouldGetSegmentsOfTheMtuWhenTheGuestAcceptsNothing() throws Exception {
        exchange(Offload.NONE, false);
    }

    private static void exchange(int accepts, boolean large) throws Exception {
        try (TapRig rig = new TapRig(accepts, Map.of());
                ServerSocketChannel server = rig.net.run(ServerSocketChannel::open)) {
            server.bind(new InetSocketAddress("10.9.0.1", PORT));
            byte[] mac = rig.hostMac();
            put(rig, Packets.tcp(mac, PORT, FIRST, 0, SYN, NOTHING), 0);
            ByteBuffer answer = ByteBuffer.wrap(rig.receive().bytes());
            int next = answer.getInt(38) + 1;
            put(rig, Packets.tcp(mac, PORT, FIRST + 1, next, ACK, NOTHING), 0);
            try (SocketChannel host = rig.net.run(server::accept)) {
                byte[] up = Packets.pattern(30_000, 1);
                put(rig, Packets.tcp(mac, PORT, FIRST + 1, next, PUSH_ACK, up), 1460);
                assertArrayEquals(up, read(rig, host, up.length));

                byte[] down = Packets.pattern(100_000, 2);
                int longest = receive(rig, host, mac, next, down);
                assertTrue(large ? longest > 1514 : longest <= 1514, "longest " + longest);
            }
        }
    }

    /** The guest leaves the checksum, and the segmentation, to others. */
    private static void put(TapRig rig, byte[] bytes, int segmentBytes) {
        Frame frame = rig.frame(bytes);
        frame.needChecksum(34, 16);
        if (segmentBytes > 0) {
            frame.needSegmentation(Frame.GSO_TCPV4, segmentBytes, false);
        }
        assertEquals(Verdict.DONE, rig.put(frame));
    }

    private static byte[] read(TapRig rig, SocketChannel host, int length) throws Exception {
        ByteBuffer received = ByteBuffer.allocate(length);
        rig.net.run(
                () -> {
                    int got = 0;
                    while (received.hasRemaining() && got >= 0) {
                        got = host.read(received);
                    }
                    return "";
                });
        return received.array();
    }

    /** The host sends; the guest takes and acknowledges. Answers the longest frame's length. */
    private static int receive(
            TapRig rig, SocketChannel host, byte[] mac, int sequence, byte[] expected)
            throws Exception {
        byte[] got = new byte[expected.length];
        int length = 0;
        int longest = 0;
        ByteBuffer sent = ByteBuffer.wrap(expected);
        rig.net
                .executor()
                .execute(
                        () -> {
                            try {
                                host.write(sent);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        });
        while (length < got.length) {
            TestSink.Got frame = rig.receive();
            byte[] bytes = frame.bytes();
            ByteBuffer view = ByteBuffer.wrap(bytes);
            int at = 34 + ((bytes[46] & 0xf0) >> 2);
            int payload = (view.getShort(16) & 0xffff) - (at - 14);
            if (payload <= 0) {
                continue;
            }
            assertEquals(length, view.getInt(38) - sequence);
            if (frame.needs() == Offload.NONE) {
                int tcp = bytes.length - 34;
                assertEquals(0xffff, Packets.sum(bytes, 26, 8 + tcp, 6 + tcp));
            }
            longest = Math.max(longest, bytes.length);
            System.arraycopy(bytes, at, got, length, payload);
            length += payload;
            int next = sequence + length;
            put(rig, Packets.tcp(mac, PORT, FIRST + 30_001, next, ACK, NOTHING), 0);
        }
        assertTrue(Arrays.equals(expected, got));
        return longest;
    }
}
