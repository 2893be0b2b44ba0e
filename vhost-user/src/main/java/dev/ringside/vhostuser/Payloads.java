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

    /** "A vring address description", without the log, which is not offered. */
    record VringAddresses(long descriptor, long used, long available) {
        /** Decodes what follows the index. */
        static VringAddresses decode(ByteBuffer payload) {
            payload.getInt(); // flags: only VHOST_VRING_F_LOG
            return new VringAddresses(payload.getLong(), payload.getLong(), payload.getLong());
        }
    }

    /** A region of "memory regions description" and "single memory region description". */
    record Region(long guestAddress, long sizeBytes, long userAddress, long mmapOffset) {
        static Region decode(ByteBuffer payload) {
            return new Region(
                    payload.getLong(), payload.getLong(), payload.getLong(), payload.getLong());
        }
    }
}
