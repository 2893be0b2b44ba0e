package dev.ringside.virtio.net.l2;

import java.nio.ByteBuffer;

/** Bytes of Ethernet frames for tests. */
final class Ethernet {
    static final long BROADCAST = 0xffffffffffffL;
    private static final int TYPE = 0x88b5;
    private static final int PAYLOAD = 46;

    private Ethernet() {}

    /** The address of one of many stations. */
    static long station(int i) {
        return 0x525400000000L | i + 1;
    }

    /** A frame with tags (16 bits each, priority and VLAN) and a number as its payload. */
    static byte[] frame(long to, long from, int number, int... tags) {
        ByteBuffer bytes = ByteBuffer.allocate(14 + 4 * tags.length + PAYLOAD);
        address(bytes, to);
        address(bytes, from);
        for (int tag : tags) {
            bytes.putShort((short) 0x8100).putShort((short) tag);
        }
        bytes.putShort((short) TYPE).putInt(number);
        return bytes.array();
    }

    private static void address(ByteBuffer into, long address) {
        into.putShort((short) (address >>> 32)).putInt((int) address);
    }

    static long destination(byte[] frame) {
        return ByteBuffer.wrap(frame).getLong() >>> 16;
    }

    static long source(byte[] frame) {
        return ByteBuffer.wrap(frame, 6, 8).getLong() >>> 16;
    }

    /** The number that the payload of an untagged frame is. */
    static int number(byte[] frame) {
        return ByteBuffer.wrap(frame).getInt(14);
    }
}
