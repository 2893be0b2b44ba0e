package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A whole message as received. Owns its descriptors until they are taken. */
final class FrontendMessage implements AutoCloseable {
    private final MessageHeader header;
    private final byte[] payload;
    private final List<Fd> fds;

    /**
     * @param fds owned by the message from now on; a mutable list that only it uses
     */
    FrontendMessage(MessageHeader header, byte[] payload, List<Fd> fds) {
        this.header = header;
        this.payload = payload;
        this.fds = fds;
    }

    MessageHeader header() {
        return header;
    }

    /** What is asked, or null when the specification does not know it. */
    @Nullable FrontendRequest request() {
        return FrontendRequest.of(header.request());
    }

    /** The request's name for messages to people. */
    String name() {
        return header.name();
    }

    /** The payload, to be read from its beginning. */
    ByteBuffer payload() {
        return ByteBuffer.wrap(payload).order(VhostUserSpec.BYTE_ORDER);
    }

    /** A copy of the payload. */
    byte[] bytes() {
        return payload.clone();
    }

    long u64() {
        return payload().getLong();
    }

    int fdCount() {
        return fds.size();
    }

    /** Takes the descriptors, which must be {@code count}: the caller owns them. */
    List<Fd> takeFds(int count) throws ProtocolException {
        if (fds.size() != count) {
            throw new ProtocolException(
                    name() + ": " + fds.size() + " descriptors came along: must be " + count);
        }
        List<Fd> taken = List.copyOf(fds);
        fds.clear();
        return taken;
    }

    /** Takes the one descriptor that must be there: the caller owns it. */
    Fd takeFd() throws ProtocolException {
        return takeFds(1).getFirst();
    }

    /** Closes the descriptors that were not taken. */
    @Override
    public void close() {
        closeAll(fds);
        fds.clear();
    }

    static void closeAll(Iterable<Fd> fds) {
        for (Fd fd : fds) {
            fd.close();
        }
    }
}
