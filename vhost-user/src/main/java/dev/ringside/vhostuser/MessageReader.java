package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;
import dev.ringside.shm.ReceivedFds;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts messages together from pieces of any length. The header is checked before a byte of the
 * payload is asked for, so that nobody can make it allocate more than the limit.
 */
final class MessageReader implements AutoCloseable {
    private final int maxPayloadBytes;
    private final ByteBuffer headerBytes = Replies.buffer(VhostUserSpec.HEADER_SIZE);
    private @Nullable MessageHeader header;
    private ByteBuffer payload = ByteBuffer.allocate(0);
    private List<Fd> fds = new ArrayList<>();

    MessageReader(int maxPayloadBytes) {
        this.maxPayloadBytes = maxPayloadBytes;
    }

    /** How many bytes of the header, then of the payload, are missing. */
    int wanted() {
        return header == null ? headerBytes.remaining() : payload.remaining();
    }

    /**
     * Takes the next bytes. Descriptors come with the first byte of a message (vhost-user.rst,
     * Communication); those that come later belong to nothing and are closed.
     *
     * @param received emptied
     * @return the message when it is whole
     */
    @Nullable FrontendMessage accept(MemorySegment bytes, ReceivedFds received)
            throws ProtocolException {
        try (received) {
            int length = Math.toIntExact(bytes.byteSize());
            if (length > wanted()) {
                throw new IllegalArgumentException(length + " bytes given, " + wanted() + " asked");
            }
            if (length > 0 && header == null && headerBytes.position() == 0) {
                for (int i = 0; i < received.count(); i++) {
                    fds.add(received.take(i));
                }
            }
            return header == null ? acceptHeader(bytes) : acceptPayload(header, bytes);
        }
    }

    private @Nullable FrontendMessage acceptHeader(MemorySegment bytes) throws ProtocolException {
        headerBytes.put(bytes.asByteBuffer());
        if (headerBytes.hasRemaining()) {
            return null;
        }
        MessageHeader decoded = MessageHeader.decode(headerBytes.flip());
        headerBytes.clear();
        decoded.check(maxPayloadBytes);
        payload = Replies.buffer(decoded.payloadBytes());
        header = decoded;
        return whole(decoded);
    }

    private @Nullable FrontendMessage acceptPayload(MessageHeader current, MemorySegment bytes) {
        payload.put(bytes.asByteBuffer());
        return whole(current);
    }

    private @Nullable FrontendMessage whole(MessageHeader current) {
        if (payload.hasRemaining()) {
            return null;
        }
        FrontendMessage message = new FrontendMessage(current, payload.array(), fds);
        header = null;
        fds = new ArrayList<>();
        return message;
    }

    /** The bytes of the message that is not whole yet. */
    byte[] begun() {
        MessageHeader current = header;
        ByteBuffer begunHeader = headerBytes.duplicate().flip();
        ByteBuffer begunPayload = payload.duplicate().flip();
        if (current == null) {
            byte[] bytes = new byte[begunHeader.remaining()];
            begunHeader.get(bytes);
            return bytes;
        }
        return Replies.buffer(VhostUserSpec.HEADER_SIZE + begunPayload.remaining())
                .putInt(current.request())
                .putInt(current.flags())
                .putInt(current.payloadBytes())
                .put(begunPayload)
                .array();
    }

    /** The descriptors of the message that is not whole yet, still this reader's. */
    List<Fd> begunFds() {
        return List.copyOf(fds);
    }

    /** Takes what {@link #begun} gave, which is no whole message. */
    void resume(byte[] bytes, List<Fd> begunFds) throws ProtocolException {
        ReceivedFds received = ReceivedFds.of(begunFds);
        MemorySegment all = MemorySegment.ofArray(bytes);
        for (long at = 0; at < bytes.length; ) {
            long length = Math.min(wanted(), bytes.length - at);
            FrontendMessage whole = accept(all.asSlice(at, length), received);
            if (whole != null) {
                whole.close();
                throw new ProtocolException("a saved message is whole: it was not executed");
            }
            at += length;
        }
    }

    /** Closes the descriptors of a message that is not whole. */
    @Override
    public void close() {
        FrontendMessage.closeAll(fds);
        fds.clear();
    }
}
