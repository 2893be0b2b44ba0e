package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Frames that tests write and take apart. */
final class TestFrame {
    static final int ETHERNET = 14;
    static final int UDP_HEADERS = ETHERNET + 20 + 8;

    private TestFrame() {}

    /** An Ethernet frame with a UDP datagram over IPv4 from 10.9.0.2:from to 10.9.0.1:to. */
    static byte[] udp(byte[] destinationMac, int from, int to, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(UDP_HEADERS + payload.length);
        frame.put(destinationMac).put(new byte[] {2, 9, 9, 9, 9, 9}).putShort((short) 0x0800);
        frame.put((byte) 0x45).put((byte) 0).putShort((short) (28 + payload.length));
        frame.putInt(0).put((byte) 64).put((byte) 17).putShort((short) 0);
        frame.put(new byte[] {10, 9, 0, 2, 10, 9, 0, 1});
        // A UDP checksum of 0 says that there is none.
        frame.putShort((short) from).putShort((short) to);
        frame.putShort((short) (8 + payload.length)).putShort((short) 0).put(payload);
        frame.putShort(ETHERNET + 10, (short) ~sum(frame.array(), ETHERNET, 20));
        return frame.array();
    }

    /** The ones' complement sum of 16-bit words. */
    static int sum(byte[] bytes, int offset, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (bytes[offset + i] & 0xff) << (i % 2 == 0 ? 8 : 0);
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    static byte[] bytes(MemorySegment memory, long offset, int length) {
        return memory.asSlice(offset, length).toArray(JAVA_BYTE);
    }

    static byte[] pattern(int length, int seed) {
        byte[] bytes = new byte[length];
        new java.util.Random(seed).nextBytes(bytes);
        return bytes;
    }
}
