package dev.ringside.virtio.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Bytes of frames and headers for tests. */
final class Frames {
    private Frames() {}

    /** Bytes that tell their place. */
    static byte[] payload(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (31 * i + 7 * seed + (i >>> 8));
        }
        return bytes;
    }

    /** A header of 12 bytes. */
    static byte[] header(
            int flags, int gsoType, int headerLength, int gsoSize, int start, int offset) {
        return ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) flags)
                .put((byte) gsoType)
                .putShort((short) headerLength)
                .putShort((short) gsoSize)
                .putShort((short) start)
                .putShort((short) offset)
                .putShort((short) 0)
                .array();
    }

    static byte[] join(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer joined = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            joined.put(part);
        }
        return joined.array();
    }

    static byte[] slice(byte[] bytes, int from, int count) {
        return Arrays.copyOfRange(bytes, from, from + count);
    }

    static int shortAt(byte[] bytes, int at) {
        return Byte.toUnsignedInt(bytes[at]) | Byte.toUnsignedInt(bytes[at + 1]) << 8;
    }
}
