package dev.ringside.vhostuser;

import java.nio.ByteBuffer;

/**
 * "An IOTLB message" (vhost-user.rst, Payload).
 *
 * @param iova I/O virtual address
 * @param size in bytes, unsigned
 * @param userAddress of an update only
 * @param access 1 for reading, 2 for writing, 3 for both, 0 for none
 * @param type {@link VhostUserSpec#IOTLB_MISS} and so on
 */
record IotlbMessage(long iova, long size, long userAddress, int access, int type) {
    static IotlbMessage decode(ByteBuffer payload) {
        return new IotlbMessage(
                payload.getLong(),
                payload.getLong(),
                payload.getLong(),
                Byte.toUnsignedInt(payload.get()),
                Byte.toUnsignedInt(payload.get()));
    }

    /** What the back-end sends: it knows neither size nor user address. */
    static IotlbMessage about(TranslationMisses.Page page, int type) {
        return new IotlbMessage(page.iova(), 0, 0, page.access(), type);
    }

    byte[] encode() {
        return Replies.buffer(VhostUserSpec.IOTLB_MSG_SIZE)
                .putLong(iova)
                .putLong(size)
                .putLong(userAddress)
                .put((byte) access)
                .put((byte) type)
                .array();
    }

    /**
     * The last address of the range. A size of 0 in an invalidation is 2^64, which has no other
     * encoding: QEMU sends that when a guest flushes everything.
     */
    long last() {
        return iova + (size - 1);
    }

    /** Whether the range goes beyond the last address. */
    boolean wraps() {
        return Long.compareUnsigned(last(), iova) < 0;
    }
}
