package dev.ringside.vhostuser;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The channel for requests of the back-end (vhost-user.rst, Back-end communication). */
final class BackendChannel implements AutoCloseable {
    private final SessionHost host;
    private final Negotiation negotiation;
    private final BooleanSupplier suspended;
    private final ByteBuffer reply =
            Replies.buffer(VhostUserSpec.HEADER_SIZE + VhostUserSpec.U64_SIZE);
    private boolean present;
    private boolean changeUntold;

    /**
     * @param suspended whether every ring is stopped: no message may go out then
     */
    BackendChannel(SessionHost host, Negotiation negotiation, BooleanSupplier suspended) {
        this.host = host;
        this.negotiation = negotiation;
        this.suspended = suspended;
    }

    /** SET_BACKEND_REQ_FD: the channel, or another one in its place. */
    void set(FrontendMessage message, Answer answer) throws ProtocolException {
        host.setBackendChannel(message.takeFd());
        present = true;
        reply.clear();
        answer.done();
        tellIfPossible();
    }

    /**
     * For a session that goes on elsewhere.
     *
     * @param unanswered what was asked
     */
    SavedChannel save(List<SavedChannel.Question> unanswered) {
        byte[] begun = new byte[reply.position()];
        reply.duplicate().flip().get(begun);
        return new SavedChannel(present, changeUntold, unanswered, HexFormat.of().formatHex(begun));
    }

    /** Goes on as it was; the host has the channel already. */
    void restore(SavedChannel saved) throws ProtocolException {
        present = saved.present();
        changeUntold = saved.changeUntold();
        byte[] begun = HexFormat.of().parseHex(saved.answerHex());
        if (begun.length >= reply.capacity()) {
            throw new ProtocolException(
                    "of an answer %d bytes have arrived, more than it has".formatted(begun.length));
        }
        reply.put(begun);
    }

    /** Whether the front-end can be asked for translations. */
    boolean open() {
        return present && negotiation.has(VhostUserSpec.PROTOCOL_F_BACKEND_REQ);
    }

    /** Whether the front-end answers on the channel when it is asked to. */
    boolean answers() {
        return negotiation.has(VhostUserSpec.PROTOCOL_F_REPLY_ACK);
    }

    /** Asks for a translation, and for an answer if there can be one. */
    void ask(IotlbMessage message) {
        host.sendBackendRequest(
                Replies.backendRequest(
                        VhostUserSpec.BACKEND_IOTLB_MSG, answers(), message.encode()));
    }

    /** Tells something that asks for no answer. */
    void tell(IotlbMessage message) {
        host.sendBackendRequest(
                Replies.backendRequest(VhostUserSpec.BACKEND_IOTLB_MSG, false, message.encode()));
    }

    /** How many bytes of an answer are missing. */
    int wanted() {
        return reply.remaining();
    }

    /**
     * Takes bytes of an answer.
     *
     * @return whether it says success; null: it is not whole yet
     */
    @Nullable Boolean accept(MemorySegment bytes) throws ProtocolException {
        reply.put(bytes.asByteBuffer());
        if (reply.hasRemaining()) {
            return null;
        }
        MessageHeader header = MessageHeader.decode(reply.flip());
        long value = reply.getLong();
        reply.clear();
        int flags = VhostUserSpec.FLAG_VERSION | VhostUserSpec.FLAG_REPLY;
        if (header.request() != VhostUserSpec.BACKEND_IOTLB_MSG
                || (header.flags() & (VhostUserSpec.FLAG_VERSION_MASK | VhostUserSpec.FLAG_REPLY))
                        != flags
                || header.payloadBytes() != VhostUserSpec.U64_SIZE) {
            throw new ProtocolException("back-end channel: what came is no reply: " + header);
        }
        return value == 0;
    }

    /** The configuration space changed: told now, or when the device is not suspended any more. */
    void configChanged() {
        changeUntold = true;
        tellIfPossible();
    }

    /** Sends what had to wait. */
    void tellIfPossible() {
        if (changeUntold
                && present
                && negotiation.has(VhostUserSpec.PROTOCOL_F_BACKEND_REQ)
                && negotiation.has(VhostUserSpec.PROTOCOL_F_CONFIG)
                && !suspended.getAsBoolean()) {
            changeUntold = false;
            host.sendBackendRequest(
                    Replies.backendRequest(VhostUserSpec.BACKEND_CONFIG_CHANGE_MSG));
        }
    }

    @Override
    public void close() {
        if (present) {
            present = false;
            host.setBackendChannel(null);
        }
    }
}
