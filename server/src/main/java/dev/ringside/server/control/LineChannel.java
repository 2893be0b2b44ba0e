package dev.ringside.server.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.Errno;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One end of a control connection: sends and receives lines with descriptors, and waits for it. One
 * thread at a time.
 */
final class LineChannel implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 16;
    private static final char END = '\n';

    /** No line came in time. */
    static final class TimedOutException extends IOException {
        private static final long serialVersionUID = 1L;

        TimedOutException(String message) {
            super(message);
        }
    }

    private final UnixSocket socket;
    private final int maxLineBytes;
    private final int maxFds;
    private final Epoll epoll;
    private final int watched;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment chunk = arena.allocate(CHUNK_BYTES);
    private final ReceivedFds received = new ReceivedFds();
    private final Deque<Fd> fds = new ArrayDeque<>();

    /** What was received: lines begin at {@code begin}, and up to {@code searched} none ends. */
    private byte[] pending = new byte[CHUNK_BYTES];

    private int begin;
    private int searched;
    private int end;
    private boolean hungUp;

    /**
     * @param socket connected; its own from now on
     * @param maxLineBytes a longer line ends the connection
     * @param maxFds so do more descriptors that no line has asked for
     */
    LineChannel(UnixSocket socket, int maxLineBytes, int maxFds) throws LinuxException {
        this.socket = socket;
        this.maxLineBytes = maxLineBytes;
        this.maxFds = maxFds;
        epoll = Epoll.create();
        watched = socket.fd().number();
        epoll.add(watched, Epoll.IN, 0);
    }

    UnixSocket socket() {
        return socket;
    }

    /**
     * Sends a line, and descriptors with its first bytes.
     *
     * @throws TimedOutException when the peer does not take it in time: the connection is of no
     *     more use
     * @throws IOException when the peer is gone
     */
    void send(byte[] line, List<Fd> passed, long timeoutNs) throws IOException {
        long deadlineNs = System.nanoTime() + timeoutNs;
        try (Arena message = Arena.ofConfined()) {
            MemorySegment bytes = message.allocate(line.length + 1L);
            MemorySegment.copy(line, 0, bytes, ValueLayout.JAVA_BYTE, 0, line.length);
            bytes.set(ValueLayout.JAVA_BYTE, line.length, (byte) END);
            int fdsSent = 0;
            for (long at = 0; at < bytes.byteSize(); ) {
                // A message of the kernel's takes only so many: the rest go with the next bytes.
                int count = Math.min(passed.size() - fdsSent, UnixSocket.MAX_FDS);
                boolean more = fdsSent + count < passed.size();
                MemorySegment rest = bytes.asSlice(at, more ? 1 : bytes.byteSize() - at);
                int sent = socket.send(rest, passed.subList(fdsSent, fdsSent + count));
                if (sent == -Errno.EAGAIN) {
                    await(Epoll.OUT, deadlineNs, "the peer does not read");
                } else {
                    at += sent;
                    fdsSent += count;
                }
            }
        }
    }

    /**
     * The next line.
     *
     * @param timeoutNs negative: wait for ever
     * @return null when the peer hung up
     * @throws TimedOutException when none came in time
     * @throws RpcException when it is no JSON object
     */
    @Nullable Message receive(long timeoutNs) throws IOException, RpcException {
        long deadlineNs = timeoutNs < 0 ? -1 : System.nanoTime() + timeoutNs;
        while (true) {
            byte[] line = nextLine();
            if (line != null) {
                return message(line);
            }
            if (hungUp) {
                return null;
            }
            read(deadlineNs);
        }
    }

    private void read(long deadlineNs) throws IOException {
        int got = socket.receive(chunk, received);
        if (got == -Errno.EAGAIN) {
            await(Epoll.IN, deadlineNs, "nothing came");
            return;
        }
        for (int i = 0; i < received.count(); i++) {
            fds.add(received.take(i));
        }
        received.close();
        hungUp = got == 0;
        if (fds.size() > maxFds) {
            throw new IOException("the peer sends more than " + maxFds + " descriptors");
        }
        if (end - begin + got > maxLineBytes) {
            throw new IOException("the peer sends a line of more than " + maxLineBytes + " bytes");
        }
        makeRoom(got);
        MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, 0, pending, end, got);
        end += got;
    }

    private void makeRoom(int bytes) {
        if (pending.length - end < bytes) {
            int kept = end - begin;
            byte[] into =
                    kept + bytes > pending.length / 2 ? new byte[2 * (kept + bytes)] : pending;
            System.arraycopy(pending, begin, into, 0, kept);
            pending = into;
            searched -= begin;
            begin = 0;
            end = kept;
        }
    }

    private byte @Nullable [] nextLine() {
        while (searched < end) {
            if (pending[searched++] == END) {
                byte[] line = Arrays.copyOfRange(pending, begin, searched - 1);
                begin = searched;
                return line;
            }
        }
        return null;
    }

    private Message message(byte[] line) throws RpcException {
        JsonNode json;
        try {
            json = Json.parse(line);
        } catch (JsonProcessingException e) {
            throw new RpcException(RpcException.PARSE_ERROR, e.getOriginalMessage());
        }
        int announced = json.path("fds").asInt(0);
        if (!json.isObject() || announced < 0 || announced > fds.size()) {
            throw new RpcException(
                    RpcException.INVALID_REQUEST,
                    "a message is an object, with as many descriptors as its member fds says");
        }
        List<Fd> taken = new ArrayList<>();
        for (int i = 0; i < announced; i++) {
            taken.add(fds.remove());
        }
        return new Message(json, taken);
    }

    private void await(int events, long deadlineNs, String what) throws IOException {
        epoll.modify(watched, events, 0);
        while (true) {
            long leftNs = deadlineNs < 0 ? -1 : deadlineNs - System.nanoTime();
            if (deadlineNs >= 0 && leftNs <= 0) {
                throw new TimedOutException(what + " in time");
            }
            if (epoll.await(leftNs) > 0) {
                return;
            }
        }
    }

    /** Ends the connection; does nothing the second time. */
    @Override
    public void close() {
        socket.close();
        epoll.close();
        received.close();
        fds.forEach(Fd::close);
        fds.clear();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
