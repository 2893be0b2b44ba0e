package dev.ringside.server.engine;

import dev.ringside.shm.Epoll;
import dev.ringside.shm.Errno;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.shm.UnixSocket;
import dev.ringside.vhostuser.ProtocolException;
import dev.ringside.vhostuser.VhostUserSession;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The channel on which the back-end asks and the front-end answers (vhost-user.rst, Back-end
 * communication). When it breaks the session goes on without it. Confined to the conductor.
 */
final class BackendSocket {
    /** Answers read in a row before other sessions get their turn. */
    private static final int ANSWERS_PER_TURN = 32;

    private static final int LONGEST_ANSWER = 64;
    private static final int UNWATCHED = -1;

    private final UnixSocket socket;
    private final Outbound requests;
    private final Conductor conductor;
    private final VhostUserSession session;
    private final Connection connection;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment inbound = arena.allocate(LONGEST_ANSWER);
    private final ReceivedFds receivedFds = new ReceivedFds();
    private long token = UNWATCHED;
    private int watchedEvents;
    private boolean reading;
    private boolean closed;

    /** Over requests on their way, whose socket it owns from now on; reads nothing. */
    BackendSocket(
            Outbound requests,
            Conductor conductor,
            VhostUserSession session,
            Connection connection) {
        this.requests = requests;
        socket = requests.socket();
        this.conductor = conductor;
        this.session = session;
        this.connection = connection;
    }

    /** On a descriptor that the front-end gave; null, and a warning, when it is no socket. */
    static @Nullable BackendSocket open(
            Fd fd, Conductor conductor, VhostUserSession session, Connection connection) {
        try {
            final Outbound requests = new Outbound(UnixSocket.adopt(fd));
            final BackendSocket opened =
                    new BackendSocket(requests, conductor, session, connection);
            opened.read(true);
            return opened;
        } catch (LinuxException e) {
            fd.close();
            final String what = connection.endpoint().description();
            connection
                    .endpoint()
                    .about("channel")
                    .warn("back-end channel of " + what + ": " + e.getMessage());
            return null;
        }
    }

    /** The socket, still owned by this object. */
    UnixSocket socket() {
        return socket;
    }

    /** What is on its way; see {@link Outbound#save}. */
    List<SavedMessage> save() {
        return requests.save();
    }

    /** Reads answers, or none: they are for whoever goes on when the session is frozen. */
    void read(boolean wanted) {
        if (reading == wanted) {
            return;
        }
        reading = wanted;
        try {
            updateWatch();
        } catch (LinuxException e) {
            close();
        }
    }

    void send(byte[] message) {
        if (closed) {
            return;
        }
        try {
            requests.add(message, List.of());
            requests.flush();
            updateWatch();
        } catch (LinuxException e) {
            close();
        }
    }

    private void updateWatch() throws LinuxException {
        if (closed || !reading) {
            unwatch();
            return;
        }
        final int events = requests.isEmpty() ? Epoll.IN : Epoll.IN | Epoll.OUT;
        if (token == UNWATCHED) {
            token = conductor.watch(socket.fd().number(), events, this::onReady);
        } else if (events != watchedEvents) {
            conductor.rewatch(socket.fd().number(), events, token);
        }
        watchedEvents = events;
    }

    private void onReady(int events) {
        try {
            if ((events & Epoll.OUT) != 0) {
                requests.flush();
                updateWatch();
            }
            if ((events & ~Epoll.OUT) != 0) {
                readAnswers();
            }
        } catch (LinuxException e) {
            close();
        } catch (ProtocolException e) {
            connection.close(SessionCounter.CLOSED_BY_PROTOCOL, e.getMessage());
        } catch (RuntimeException e) {
            connection
                    .endpoint()
                    .about("channel")
                    .error("a back-end channel failed, please report this", e);
            connection.close(SessionCounter.CLOSED_BY_BUG, e.toString());
        }
    }

    private void readAnswers() throws LinuxException, ProtocolException {
        for (int i = 0; i < ANSWERS_PER_TURN && !closed; i++) {
            final int wanted = Math.min(LONGEST_ANSWER, session.backendWanted());
            final int received = socket.receive(inbound.asSlice(0, wanted), receivedFds);
            receivedFds.close();
            if (received == -Errno.EAGAIN) {
                return;
            }
            if (received == 0) {
                close();
                return;
            }
            session.onBackendData(inbound.asSlice(0, received));
        }
    }

    private void unwatch() {
        if (token != UNWATCHED) {
            conductor.unwatch(socket.fd().number(), token);
            token = UNWATCHED;
        }
    }

    /** Does nothing the second time. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        unwatch();
        requests.close();
        receivedFds.close();
        arena.close();
    }
}
