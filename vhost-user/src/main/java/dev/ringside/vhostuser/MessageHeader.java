package dev.ringside.vhostuser;

import java.nio.ByteBuffer;

/**
 * What every message begins with (vhost-user.rst, Header).
 *
 * @param request the type: which request this is, or which one it answers
 * @param flags version, reply, need_reply
 * @param payloadBytes how many bytes follow
 */
record MessageHeader(int request, int flags, int payloadBytes) {

    /** Reads the three fields; says nothing about their values. */
    static MessageHeader decode(ByteBuffer bytes) {
        return new MessageHeader(bytes.getInt(), bytes.getInt(), bytes.getInt());
    }

    /**
     * Refuses a header after which the stream cannot be followed.
     *
     * @param maxPayloadBytes the most that is read for one message
     */
    void check(int maxPayloadBytes) throws ProtocolException {
        if ((flags & VhostUserSpec.FLAG_VERSION_MASK) != VhostUserSpec.FLAG_VERSION) {
            throw new ProtocolException(
                    name()
                            + ": flags are 0x"
                            + Integer.toHexString(flags)
                            + ": version (bits 0-1) must be 1");
        }
        if ((flags & VhostUserSpec.FLAG_REPLY) != 0) {
            throw new ProtocolException(
                    name()
                            + ": flags are 0x"
                            + Integer.toHexString(flags)
                            + ": a request has no reply flag (bit 2)");
        }
        if (payloadBytes < 0 || payloadBytes > maxPayloadBytes) {
            throw new ProtocolException(
                    name()
                            + ": payload size is "
                            + Integer.toUnsignedString(payloadBytes)
                            + ": at most "
                            + maxPayloadBytes
                            + " bytes are accepted");
        }
    }

    boolean needReply() {
        return (flags & VhostUserSpec.FLAG_NEED_REPLY) != 0;
    }

    /** The request's name for messages to people. */
    String name() {
        FrontendRequest known = FrontendRequest.of(request);
        return known == null ? "request " + Integer.toUnsignedString(request) : known.name();
    }
}
