package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;
import java.util.List;

/**
 * How the handler of one message ends it: exactly once, at once or when the host has acknowledged.
 * Implements vhost-user.rst, VHOST_USER_PROTOCOL_F_REPLY_ACK: a request that asks for a reply gets
 * zero or non-zero, unless it has a reply of its own, which is then the only one.
 */
final class Answer {
    private static final long SUCCESS = 0;
    private static final long FAILURE = 1;

    private final MessageHeader header;
    private final boolean onlyRepliesSuccess;
    private final Negotiation negotiation;
    private final SessionHost host;
    private final Runnable ended;

    /**
     * @param ended runs when the message is over, before anything is sent
     */
    Answer(FrontendMessage message, Negotiation negotiation, SessionHost host, Runnable ended) {
        FrontendRequest request = message.request();
        header = message.header();
        onlyRepliesSuccess = request != null && request.onlyRepliesSuccess();
        this.negotiation = negotiation;
        this.host = host;
        this.ended = ended;
    }

    /** The request was carried out. */
    void done() {
        ended.run();
        if (acknowledged()) {
            send(Replies.u64(SUCCESS));
        }
    }

    /** The request was carried out and this is its own reply. */
    void reply(byte[] payload) {
        ended.run();
        send(payload);
    }

    /** The request was carried out and this is its own reply, with a descriptor that it gives. */
    void reply(byte[] payload, Fd fd) {
        ended.run();
        host.send(Replies.reply(header.request(), payload), List.of(fd));
    }

    /** The request was refused, and its own reply says so. */
    void refuse(String reason, byte[] payload) {
        host.refused(reason);
        reply(payload);
    }

    /** The request was refused and nothing depends on it: the session goes on in any case. */
    void refuse(String reason) {
        host.refused(reason);
        ended.run();
        if (acknowledged()) {
            send(Replies.u64(FAILURE));
        }
    }

    /**
     * The request was refused. The session goes on when the front-end asked to be told and can be;
     * else it would go on as if the request had been carried out, so the session ends.
     */
    void fail(ProtocolException reason) throws ProtocolException {
        if (onlyRepliesSuccess || !acknowledged()) {
            ended.run();
            throw reason;
        }
        refuse(String.valueOf(reason.getMessage()));
    }

    private boolean acknowledged() {
        return header.needReply() && negotiation.has(VhostUserSpec.PROTOCOL_F_REPLY_ACK);
    }

    private void send(byte[] payload) {
        host.send(Replies.reply(header.request(), payload), List.of());
    }
}
