package dev.ringside.frontend;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.ByteBuffer;

/**
 * {@code struct virtio_net_hdr} (virtio 1.3 section 5.1.6): any values, sensible or not. Numbers
 * are unsigned 8, 16 and 32 bits.
 */
public record NetHeader(
        int flags,
        int gsoType,
        int hdrLen,
        int gsoSize,
        int csumStart,
        int csumOffset,
        int numBuffers,
        long hashValue,
        int hashReport) {
    /** A whole frame that needs nothing done to it. */
    public static final NetHeader PLAIN = new NetHeader(0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** A frame whose checksum the device is to put in. */
    public static NetHeader checksum(final int csumStart, final int csumOffset) {
        return new NetHeader(
                NetSpec.HDR_F_NEEDS_CSUM, NetSpec.GSO_NONE, 0, 0, csumStart, csumOffset, 0, 0, 0);
    }

    /** A frame that the device is to cut into segments, checksums included. */
    public static NetHeader segmented(
            final int gsoType,
            final int hdrLen,
            final int gsoSize,
            final int csumStart,
            final int csumOffset) {
        return new NetHeader(
                NetSpec.HDR_F_NEEDS_CSUM, gsoType, hdrLen, gsoSize, csumStart, csumOffset, 0, 0, 0);
    }

    /** With another number of buffers. */
    public NetHeader numBuffers(final int value) {
        return new NetHeader(
                flags,
                gsoType,
                hdrLen,
                gsoSize,
                csumStart,
                csumOffset,
                value,
                hashValue,
                hashReport);
    }

    /** The header's first {@code bytes} bytes: 10, 12 or 20, or what a hostile driver sends. */
    public byte[] bytes(final int bytes) {
        final byte[] result = new byte[bytes];
        final ByteBuffer whole =
                ByteBuffer.allocate(NetSpec.HEADER_BYTES_HASH)
                        .order(LITTLE_ENDIAN)
                        .put((byte) flags)
                        .put((byte) gsoType)
                        .putShort((short) hdrLen)
                        .putShort((short) gsoSize)
                        .putShort((short) csumStart)
                        .putShort((short) csumOffset)
                        .putShort((short) numBuffers)
                        .putInt((int) hashValue)
                        .putShort((short) hashReport);
        whole.get(0, result, 0, Math.min(bytes, NetSpec.HEADER_BYTES_HASH));
        return result;
    }

    /** Reads a header of 10, 12 or 20 bytes; the fields that it lacks are 0. */
    public static NetHeader of(final byte[] data, final int headerBytes) {
        final ByteBuffer in =
                ByteBuffer.allocate(NetSpec.HEADER_BYTES_HASH)
                        .order(LITTLE_ENDIAN)
                        .put(0, data, 0, headerBytes);
        return new NetHeader(
                in.get(NetSpec.HDR_FLAGS) & 0xff,
                in.get(NetSpec.HDR_GSO_TYPE) & 0xff,
                in.getShort(NetSpec.HDR_HDR_LEN) & 0xffff,
                in.getShort(NetSpec.HDR_GSO_SIZE) & 0xffff,
                in.getShort(NetSpec.HDR_CSUM_START) & 0xffff,
                in.getShort(NetSpec.HDR_CSUM_OFFSET) & 0xffff,
                in.getShort(NetSpec.HDR_NUM_BUFFERS) & 0xffff,
                in.getInt(NetSpec.HDR_HASH_VALUE) & 0xffff_ffffL,
                in.getShort(NetSpec.HDR_HASH_REPORT) & 0xffff);
    }
}
