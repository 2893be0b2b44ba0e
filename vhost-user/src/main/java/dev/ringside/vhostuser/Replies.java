package dev.ringside.vhostuser;

import java.nio.ByteBuffer;

/** Encodes what the back-end sends. */
final class Replies {
    private Replies() {}

    /** A reply to a request: version 1 and the reply flag. */
    static byte[] reply(int request, byte[] payload) {
        return message(request, VhostUserSpec.FLAG_VERSION | VhostUserSpec.FLAG_REPLY, payload);
    }

    /** A request on the back-end channel that asks for no answer. */
    static byte[] backendRequest(int request) {
        return message(request, VhostUserSpec.FLAG_VERSION, new byte[0]);
    }

    /** A request on the back-end channel, with or without need_reply. */
    static byte[] backendRequest(int request, boolean needReply, byte[] payload) {
        int flag = needReply ? VhostUserSpec.FLAG_NEED_REPLY : 0;
        return message(request, VhostUserSpec.FLAG_VERSION | flag, payload);
    }

    static byte[] u64(long value) {
        return buffer(VhostUserSpec.U64_SIZE).putLong(value).array();
    }

    static byte[] vringState(int index, int num) {
        return buffer(VhostUserSpec.VRING_STATE_SIZE).putInt(index).putInt(num).array();
    }

    static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(VhostUserSpec.BYTE_ORDER);
    }

    private static byte[] message(int request, int flags, byte[] payload) {
        return buffer(VhostUserSpec.HEADER_SIZE + payload.length)
                .putInt(request)
                .putInt(flags)
                .putInt(payload.length)
                .put(payload)
                .array();
    }
}
