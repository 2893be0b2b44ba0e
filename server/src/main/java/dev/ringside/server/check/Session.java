package dev.ringside.server.check;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMessage;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.shm.Errno;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A negotiated connection without rings, for messages of any form: each has a {@link Reaction}.
 *
 * <p>One thread.
 */
final class Session implements AutoCloseable {
    /**
     * What this front-end can keep to: the bits that change nothing unless they are made use of.
     */
    private static final long PROTOCOL_FEATURES =
            VhostUserSpec.bits(
                    VhostUserSpec.PROTOCOL_F_MQ,
                    VhostUserSpec.PROTOCOL_F_LOG_SHMFD,
                    VhostUserSpec.PROTOCOL_F_RARP,
                    VhostUserSpec.PROTOCOL_F_REPLY_ACK,
                    VhostUserSpec.PROTOCOL_F_MTU,
                    VhostUserSpec.PROTOCOL_F_BACKEND_REQ,
                    VhostUserSpec.PROTOCOL_F_CONFIG,
                    VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD,
                    VhostUserSpec.PROTOCOL_F_RESET_DEVICE,
                    VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS,
                    VhostUserSpec.PROTOCOL_F_STATUS);

    private final FrontendProtocol protocol;
    private final long timeoutMs;

    private Session(FrontendProtocol protocol, long timeoutMs) {
        this.protocol = protocol;
        this.timeoutMs = timeoutMs;
    }

    /** Negotiates on a fresh connection, which it owns from now on. */
    static Session open(FrontendProtocol protocol, Target target) throws IOException {
        try {
            if (target.offers(VhostUserSpec.F_PROTOCOL_FEATURES)) {
                protocol.getFeatures();
                protocol.setProtocolFeatures(target.protocolFeatures() & PROTOCOL_FEATURES);
            }
            protocol.setOwner();
            return new Session(protocol, target.timeoutMs());
        } catch (IOException e) {
            protocol.close();
            throw e;
        }
    }

    /** The messages as a well-behaved front-end sends them. */
    FrontendProtocol protocol() {
        return protocol;
    }

    /** Whether the back-end says what became of each message. */
    boolean acknowledges() {
        return protocol.has(VhostUserSpec.PROTOCOL_F_REPLY_ACK);
    }

    /** Sends a message, and sees what comes of it. */
    Reaction send(int request, byte[] payload, Fd... fds) throws IOException {
        return sendWithFlags(request, 0, payload, fds);
    }

    /** Sends a message with more flags than its version, or with another version. */
    Reaction sendWithFlags(int request, int flags, byte[] payload, Fd... fds) throws IOException {
        int ack = acknowledges() ? VhostUserSpec.NEED_REPLY : 0;
        try {
            protocol.connection().send(request, flags | ack, payload, fds);
            return ack == 0 ? barrier() : reaction();
        } catch (IOException e) {
            return hungUp(e);
        }
    }

    /** Sends any bytes, and sees what comes of them. */
    Reaction sendRaw(byte[] bytes, Fd... fds) throws IOException {
        try {
            protocol.connection().sendRaw(bytes, List.of(fds));
            return reaction();
        } catch (IOException e) {
            return hungUp(e);
        }
    }

    private Reaction reaction() throws IOException {
        FrontendConnection connection = protocol.connection();
        if (!connection.awaitReadable(timeoutMs)) {
            return Reaction.SILENT;
        }
        FrontendMessage reply = connection.receive();
        reply.closeFds();
        boolean ack = reply.payload().length == Long.BYTES;
        return ack && reply.u64() == 0 ? Reaction.ACCEPTED : Reaction.REFUSED;
    }

    /** Nothing is acknowledged: any later answer shows that the message was read. */
    private Reaction barrier() throws IOException {
        FrontendConnection connection = protocol.connection();
        connection.send(VhostUserSpec.GET_FEATURES, 0, new byte[0]);
        if (!connection.awaitReadable(timeoutMs)) {
            return Reaction.SILENT;
        }
        connection.receive().closeFds();
        return Reaction.ACCEPTED;
    }

    private static Reaction hungUp(IOException e) throws IOException {
        if (e instanceof EOFException
                || (e instanceof LinuxException linux && isEnd(linux.errno()))) {
            return Reaction.HUNG_UP;
        }
        throw e;
    }

    private static boolean isEnd(int errno) {
        return errno == Errno.EPIPE || errno == Errno.ECONNRESET;
    }

    /**
     * Asks that a message is not taken for good: it is refused, or the session ends.
     *
     * @throws InapplicableException when the back-end takes it without a word, as those without
     *     REPLY_ACK have to
     */
    void expectRefusal(String message, Reaction reaction)
            throws UnmetException, InapplicableException {
        UnmetException.unless(reaction != Reaction.SILENT, "%s: it %s", message, reaction);
        if (reaction == Reaction.ACCEPTED && !acknowledges()) {
            throw new InapplicableException("without REPLY_ACK nothing is refused");
        }
        UnmetException.unless(reaction != Reaction.ACCEPTED, "%s: it %s", message, reaction);
    }

    /** A payload of numbers, each so many bytes as its type has. */
    static byte[] payload(Number... fields) {
        ByteBuffer buffer =
                ByteBuffer.allocate(fields.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (Number field : fields) {
            switch (field) {
                case Long wide -> buffer.putLong(wide);
                case Integer word -> buffer.putInt(word);
                case Short half -> buffer.putShort(half);
                default -> throw new IllegalArgumentException(field.getClass().getName());
            }
        }
        byte[] bytes = new byte[buffer.position()];
        buffer.flip().get(bytes);
        return bytes;
    }

    /** Hangs up. */
    @Override
    public void close() {
        protocol.close();
    }
}
