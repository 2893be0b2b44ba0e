package dev.ringside.vhostuser;

import java.nio.ByteBuffer;

/** The payloads that more than one request uses (vhost-user.rst, Payload), decoded. */
final class Payloads {
    private Payloads() {}

    /** "A vring state description": a ring and a number whose meaning the request gives. */
    record VringState(int index, int num) {
        static VringState decode(ByteBuffer payload) {
            return new VringState(payload.getInt(), payload.getInt());
        }
    }

    /** "A vring address description": where the areas are. */
    record VringAddresses(long descriptor, long used, long available) {}

    /**
     * "A vring address description": whether and where writes to the used ring are logged.
     *
     * @param on VHOST_VRING_F_LOG
     * @param address what its first byte is logged as
     */
    record VringLog(boolean on, long address) {
        static final VringLog OFF = new VringLog(false, 0);
    }

    /** A region of "memory regions description" and "single memory region description". */
    record Region(long guestAddress, long sizeBytes, long userAddress, long mmapOffset) {
        static Region decode(ByteBuffer payload) {
            return new Region(
                    payload.getLong(), payload.getLong(), payload.getLong(), payload.getLong());
        }
    }
}
