package dev.ringside.virtio.net.port.host;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Random;

/** Ethernet frames of a guest 10.9.0.2 (02:09:09:09:09:09) to a host 10.9.0.1, and back. */
public final class Packets {
    private static final byte[] GUEST = {2, 9, 9, 9, 9, 9};

    /** Bytes before UDP's payload. */
    public static final int UDP_HEADERS = 42;

    /** Bytes before TCP's payload. */
    public static final int TCP_HEADERS = 54;

    private static final byte[] GUEST_IP = {10, 9, 0, 2};
    private static final byte[] HOST_IP = {10, 9, 0, 1};

    private Packets() {}

    /** A question for the host's MAC address. */
    public static byte[] arpRequest() {
        ByteBuffer frame = ByteBuffer.allocate(42);
        ethernet(frame, new byte[] {-1, -1, -1, -1, -1, -1}, 0x0806);
        frame.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4);
        frame.putShort((short) 1).put(GUEST).put(GUEST_IP).put(new byte[6]).put(HOST_IP);
        return frame.array();
    }

    /** An echo request with a right checksum. */
    public static byte[] ping(byte[] mac, int sequence, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(42 + payload.length);
        ethernet(frame, mac, 0x0800);
        ip(frame, 1, 8 + payload.length);
        frame.put((byte) 8).put((byte) 0).putShort((short) 0).putShort((short) 7);
        frame.putShort((short) sequence).put(payload);
        frame.putShort(36, (short) ~sum(frame.array(), 34, 8 + payload.length, 0));
        return frame.array();
    }

    /** A datagram; its checksum field holds the pseudo header's sum: it is to be completed. */
    public static byte[] udp(byte[] mac, int from, int to, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(UDP_HEADERS + payload.length);
        ethernet(frame, mac, 0x0800);
        ip(frame, 17, 8 + payload.length);
        frame.putShort((short) from).putShort((short) to);
        frame.putShort((short) (8 + payload.length)).putShort((short) 0).put(payload);
        frame.putShort(40, (short) sum(frame.array(), 26, 8, 17 + 8 + payload.length));
        return frame.array();
    }

    /** A TCP segment without options; its checksum is to be completed. */
    public static byte[] tcp(
            byte[] mac, int to, int sequence, int acknowledged, int flags, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(TCP_HEADERS + payload.length);
        ethernet(frame, mac, 0x0800);
        ip(frame, 6, 20 + payload.length);
        frame.putShort((short) 4000).putShort((short) to);
        frame.putInt(sequence).putInt(acknowledged);
        frame.put((byte) 0x50).put((byte) flags).putShort((short) 65535).putInt(0).put(payload);
        frame.putShort(50, (short) sum(frame.array(), 26, 8, 6 + 20 + payload.length));
        return frame.array();
    }

    private static void ethernet(ByteBuffer frame, byte[] mac, int type) {
        frame.put(mac).put(GUEST).putShort((short) type);
    }

    private static void ip(ByteBuffer frame, int protocol, int payload) {
        frame.putShort((short) 0x4500).putShort((short) (20 + payload)).putInt(0x4000);
        frame.put((byte) 64).put((byte) protocol).putShort((short) 0).put(GUEST_IP).put(HOST_IP);
        int sum = 0;
        for (int at = 14; at < 34; at += Short.BYTES) {
            sum += frame.getShort(at) & 0xffff;
        }
        frame.putShort(24, (short) ~((sum & 0xffff) + (sum >>> 16)));
    }

    /** The ones' complement sum of 16-bit words and a start value. */
    public static int sum(byte[] bytes, int offset, int length, int start) {
        int sum = start;
        for (int i = 0; i < length; i++) {
            sum += (bytes[offset + i] & 0xff) << (i % 2 == 0 ? 8 : 0);
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    /** Random bytes that are the same each time. */
    public static byte[] pattern(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** A frame whose bytes lie in pieces in memory, some of them pulled. */
    public static Frame scattered(MemorySegment memory, byte[] bytes, Random random) {
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
        Frame frame = new Frame(FrameKeeper.NONE, 2);
        frame.clear();
        int at = 0;
        while (at < bytes.length) {
            int length = Math.min(bytes.length - at, 1 + random.nextInt(bytes.length));
            frame.add(memory, at, length);
            at += length;
        }
        frame.pull(Math.min(bytes.length, random.nextInt(80)));
        return frame;
    }
}
