package dev.ringside.frontend;

import dev.ringside.shm.Epoll;
import dev.ringside.shm.Errno;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.shm.UnixSocket;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A front-end's end of a vhost-user socket: sends any message, well formed or not, with any
 * descriptors, and receives whole messages. Every wait ends after {@link #timeoutMs}.
 *
 * <p>One thread at a time; {@link #close} by any.
 */
public final class FrontendConnection implements AutoCloseable {
    /** The time limit of a fresh connection. */
    public static final long DEFAULT_TIMEOUT_MS = 10_000;

    private static final int MAX_PAYLOAD_BYTES = 1 << 20;
    private static final long NS_PER_MS = 1_000_000;
    private static final long RETRY_NS = 500_000;

    private final UnixSocket socket;
    private final Epoll epoll;
    private final int watched;
    private long timeoutMs = DEFAULT_TIMEOUT_MS;

    private FrontendConnection(final UnixSocket socket) throws IOException {
        this.socket = socket;
        this.watched = socket.fd().number();
        this.epoll = Epoll.create();
        epoll.add(watched, Epoll.IN, 0);
    }

    /** Over a connected socket, which it owns from now on. */
    public static FrontendConnection over(final UnixSocket socket) throws IOException {
        return new FrontendConnection(socket);
    }

    /** Connects to a back-end that listens now. */
    public static FrontendConnection connect(final Path path) throws IOException {
        return new FrontendConnection(UnixSocket.connect(path));
    }

    /**
     * Connects to a back-end that will listen soon.
     *
     * @throws IOException the last refusal, when nobody listened in time
     */
    public static FrontendConnection connect(final Path path, final long withinMs)
            throws IOException {
        final long deadline = System.nanoTime() + withinMs * NS_PER_MS;
        while (true) {
            try {
                return connect(path);
            } catch (LinuxException e) {
                final boolean early =
                        e.errno() == Errno.ENOENT
                                || e.errno() == Errno.ECONNREFUSED
                                || e.errno() == Errno.EAGAIN;
                if (!early || System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(RETRY_NS);
            }
        }
    }

    /** Waits for a back-end that connects (client mode). The listener stays the caller's. */
    public static FrontendConnection accept(final UnixSocket listener, final long withinMs)
            throws IOException {
        final long deadline = System.nanoTime() + withinMs * NS_PER_MS;
        try (Epoll epoll = Epoll.create()) {
            epoll.add(listener.fd().number(), Epoll.IN, 0);
            while (true) {
                final UnixSocket socket = listener.accept();
                if (socket != null) {
                    return new FrontendConnection(socket);
                }
                final long left = deadline - System.nanoTime();
                if (left <= 0) {
                    throw new IOException("no back-end connected within " + withinMs + " ms");
                }
                epoll.await(left);
            }
        }
    }

    /** Changes the time limit of every later wait. */
    public FrontendConnection timeoutMs(final long limitMs) {
        this.timeoutMs = limitMs;
        return this;
    }

    /** The time limit of every wait. */
    public long timeoutMs() {
        return timeoutMs;
    }

    /** Sends a well-formed message; {@code flags} are added to the version. */
    public void send(final int request, final int flags, final byte[] payload, final Fd... fds)
            throws IOException {
        final ByteBuffer message =
                ByteBuffer.allocate(VhostUserSpec.HEADER_BYTES + payload.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(request)
                        .putInt(VhostUserSpec.VERSION | flags)
                        .putInt(payload.length)
                        .put(payload);
        sendRaw(message.array(), List.of(fds));
    }

    /** Sends any bytes; the descriptors, which stay the caller's, come with the first of them. */
    public void sendRaw(final byte[] bytes, final List<Fd> fds) throws IOException {
        final long deadline = deadline();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment all = arena.allocate(Math.max(bytes.length, 1));
            MemorySegment.copy(bytes, 0, all, ValueLayout.JAVA_BYTE, 0, bytes.length);
            List<Fd> pending = fds;
            long sent = 0;
            while (sent < bytes.length) {
                final int n = socket.send(all.asSlice(sent, bytes.length - sent), pending);
                if (n == -Errno.EAGAIN) {
                    awaitEvents(Epoll.OUT, deadline, "room to send");
                    continue;
                }
                sent += n;
                pending = List.of();
            }
        }
    }

    /**
     * Waits for the next whole message.
     *
     * @throws EOFException when the back-end hung up
     */
    public FrontendMessage receive() throws IOException {
        final ReceivedFds fds = new ReceivedFds();
        try (Arena arena = Arena.ofConfined()) {
            final long deadline = deadline();
            final MemorySegment header = arena.allocate(VhostUserSpec.HEADER_BYTES, 8);
            receiveFully(header, fds, deadline);
            final ByteBuffer head = header.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            final int size = head.getInt(8);
            if (size < 0 || size > MAX_PAYLOAD_BYTES) {
                throw new IOException("back-end sent a payload of " + (size & 0xffff_ffffL));
            }
            final MemorySegment payload = arena.allocate(Math.max(size, 1));
            receiveFully(payload.asSlice(0, size), fds, deadline);
            final List<Fd> taken = new ArrayList<>();
            for (int i = 0; i < fds.count(); i++) {
                taken.add(fds.take(i));
            }
            return new FrontendMessage(
                    head.getInt(0),
                    head.getInt(4),
                    payload.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE),
                    taken);
        } finally {
            fds.close();
        }
    }

    private void receiveFully(final MemorySegment into, final ReceivedFds fds, final long deadline)
            throws IOException {
        long got = 0;
        while (got < into.byteSize()) {
            final int n = socket.receive(into.asSlice(got), fds);
            if (n == 0) {
                throw new EOFException("the back-end hung up");
            }
            if (n == -Errno.EAGAIN) {
                awaitEvents(Epoll.IN, deadline, "a message");
                continue;
            }
            got += n;
        }
    }

    /** Sends a message and waits for the reply to it. */
    public FrontendMessage call(
            final int request, final int flags, final byte[] payload, final Fd... fds)
            throws IOException {
        send(request, flags, payload, fds);
        final FrontendMessage reply = receive();
        if (reply.request() != request || (reply.flags() & VhostUserSpec.REPLY) == 0) {
            reply.closeFds();
            throw new IOException(
                    "message "
                            + request
                            + " was answered by message "
                            + reply.request()
                            + " with flags 0x"
                            + Integer.toHexString(reply.flags()));
        }
        return reply;
    }

    /**
     * Waits until the back-end hangs up, and drops what it says before.
     *
     * @return false when it did not in time
     */
    public boolean awaitHangup() throws IOException {
        final long deadline = deadline();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment scrap = arena.allocate(4096);
            while (System.nanoTime() < deadline) {
                try (ReceivedFds fds = new ReceivedFds()) {
                    final int n = socket.receive(scrap, fds);
                    if (n == 0) {
                        return true;
                    }
                    if (n == -Errno.EAGAIN) {
                        epoll.await(Math.max(0, deadline - System.nanoTime()));
                    }
                } catch (LinuxException e) {
                    if (e.errno() == Errno.ECONNRESET) {
                        return true;
                    }
                    throw e;
                }
            }
            return false;
        }
    }

    /** Whether bytes of the back-end wait to be read, or it hung up, within the time. */
    public boolean awaitReadable(final long withinMs) {
        return epoll.await(withinMs * NS_PER_MS) > 0;
    }

    private long deadline() {
        return System.nanoTime() + timeoutMs * NS_PER_MS;
    }

    private void awaitEvents(final int events, final long deadline, final String what)
            throws IOException {
        final long left = deadline - System.nanoTime();
        if (left <= 0) {
            throw new IOException("waited " + timeoutMs + " ms for " + what + " in vain");
        }
        epoll.modify(watched, events, 0);
        try {
            epoll.await(left);
        } finally {
            epoll.modify(watched, Epoll.IN, 0);
        }
    }

    /** The socket, owned by this connection. */
    public UnixSocket socket() {
        return socket;
    }

    /** Hangs up. */
    @Override
    public void close() {
        epoll.close();
        socket.close();
    }
}
