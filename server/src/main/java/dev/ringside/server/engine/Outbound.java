package dev.ringside.server.engine;

import dev.ringside.shm.Errno;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Messages on their way into a socket that may not take them at once. Conductor only. */
final class Outbound {
    private static final int LIMIT_MESSAGES = 64;

    private record Message(ByteBuffer bytes, List<Fd> fds) {}

    private final UnixSocket socket;
    private final ArrayDeque<Message> waiting = new ArrayDeque<>();

    Outbound(UnixSocket socket) {
        this.socket = socket;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Beyond a bound a message is dropped: only notifications that repeat can come to that. */
    void add(byte[] message, List<Fd> fds) {
        if (waiting.size() < LIMIT_MESSAGES) {
            waiting.add(new Message(ByteBuffer.wrap(message), fds));
        } else {
            fds.forEach(Fd::close);
        }
    }

    /** Sends what the socket takes. Throws when the peer is gone. */
    void flush() throws LinuxException {
        while (!waiting.isEmpty()) {
            final Message first = waiting.element();
            final int sent = sendRest(first);
            if (sent == -Errno.EAGAIN) {
                return;
            }
            first.bytes().position(first.bytes().position() + sent);
            // What the peer got are duplicates.
            first.fds().forEach(Fd::close);
            if (!first.bytes().hasRemaining()) {
                waiting.remove();
            }
        }
    }

    private int sendRest(Message message) throws LinuxException {
        final MemorySegment rest = MemorySegment.ofBuffer(message.bytes());
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment bytes = arena.allocate(rest.byteSize());
            bytes.copyFrom(rest);
            final boolean begun = message.bytes().position() > 0;
            return socket.send(bytes, begun ? List.of() : message.fds());
        }
    }

    /** The socket, still owned by this object. */
    UnixSocket socket() {
        return socket;
    }

    /** What waits; the descriptors stay this object's. */
    List<SavedMessage> save() {
        final List<SavedMessage> saved = new ArrayList<>();
        for (final Message message : waiting) {
            final boolean begun = message.bytes().position() > 0;
            final byte[] rest = new byte[message.bytes().remaining()];
            message.bytes().duplicate().get(rest);
            saved.add(
                    new SavedMessage(
                            HexFormat.of().formatHex(rest), begun ? List.of() : message.fds()));
        }
        return saved;
    }

    /** The one that was saved, on a socket of its own; null: there was none. */
    static @Nullable Outbound restored(@Nullable Fd socket, List<SavedMessage> saved)
            throws LinuxException {
        if (socket == null) {
            return null;
        }
        final Outbound restored = new Outbound(UnixSocket.adopt(socket));
        restored.restore(saved);
        return restored;
    }

    /** Has what was saved wait again. */
    void restore(List<SavedMessage> saved) {
        for (final SavedMessage message : saved) {
            add(HexFormat.of().parseHex(message.bytesHex()), message.fds());
        }
    }

    /** As {@link #close}; the peer sees the end at once, also when closing takes its time. */
    void hangUp() {
        socket.shutdown();
        close();
    }

    /** Closes the socket and the descriptors that were not sent. */
    void close() {
        waiting.forEach(message -> message.fds().forEach(Fd::close));
        waiting.clear();
        socket.close();
    }
}
