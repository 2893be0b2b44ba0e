package dev.ringside.server.control;

import dev.ringside.server.engine.SlowWork;
import dev.ringside.server.log.Log;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.Errno;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.PeerCredentials;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Serves a control socket on threads of its own, away from conductor and shards, to whom {@link
 * Permissions} allow it.
 */
public final class ControlServer implements AutoCloseable {
    private static final int MAX_LINE_BYTES = 1 << 20;
    private static final int MAX_FDS = 16;
    private static final long SEND_NS = 10_000_000_000L;
    private static final long NS_PER_MS = 1_000_000;
    private static final int WAKE = 0;
    private static final int CLIENT = 1;

    private final UnixSocket socket;
    private final Permissions permissions;
    private final ControlClients clients;
    private final Sessions sessions;
    private final EventFd wake;
    private final SlowWork acceptor = new SlowWork("ringside-control");
    private volatile boolean closed;

    /** Makes what serves one client. */
    @FunctionalInterface
    public interface Sessions {
        /**
         * A client has connected.
         *
         * @param access what it may do
         */
        ControlSession open(PeerCredentials peer, Access access);
    }

    private ControlServer(
            UnixSocket socket, Permissions permissions, ControlClients clients, Sessions sessions)
            throws LinuxException {
        this.socket = socket;
        this.permissions = permissions;
        this.clients = clients;
        this.sessions = sessions;
        wake = EventFd.create();
    }

    /**
     * Starts to serve.
     *
     * @param socket listening; its own from now on
     * @param clients nobody yet; its own from now on
     */
    public static ControlServer start(
            UnixSocket socket, Permissions permissions, ControlClients clients, Sessions sessions)
            throws LinuxException {
        ControlServer server = new ControlServer(socket, permissions, clients, sessions);
        server.acceptor.execute(server::acceptAll);
        return server;
    }

    /** The listening socket, still owned by this object: to hand it over. */
    public Fd listening() {
        return socket.fd();
    }

    private void acceptAll() {
        try (Epoll epoll = Epoll.create()) {
            epoll.add(wake.number(), Epoll.IN, WAKE);
            epoll.add(socket.fd().number(), Epoll.IN, CLIENT);
            while (!closed) {
                epoll.await(-1);
                UnixSocket accepted = closed ? null : socket.accept();
                if (accepted != null) {
                    admit(accepted);
                }
            }
        } catch (IOException e) {
            Log.about("control")
                    .warn("the control socket is not served any more: " + e.getMessage());
        }
    }

    private void admit(UnixSocket accepted) {
        try {
            PeerCredentials peer = accepted.peer();
            Access access = permissions.of(accepted, peer);
            if (access == null) {
                Log.about("control-peer")
                        .warn(
                                "control socket: process "
                                        + peer.pid()
                                        + " of user "
                                        + peer.uid()
                                        + " was turned away: "
                                        + permissions.text());
                accepted.close();
            } else {
                admit(accepted, peer, access);
            }
        } catch (LinuxException e) {
            accepted.close();
        }
    }

    private void admit(UnixSocket accepted, PeerCredentials peer, Access access) {
        String refusal = clients.admit(access);
        if (refusal != null) {
            Log.about("control-clients")
                    .warn("control socket: a client was turned away: " + refusal);
            accepted.close();
            return;
        }
        SlowWork thread = new SlowWork("ringside-control-client");
        ControlSession session = sessions.open(peer, access);
        thread.execute(() -> serve(accepted, session));
        thread.execute(() -> clients.leave(access));
        thread.end();
    }

    private static void serve(UnixSocket accepted, ControlSession session) {
        try (LineChannel channel = new LineChannel(accepted, MAX_LINE_BYTES, MAX_FDS)) {
            boolean more = true;
            while (more) {
                more = serveNext(channel, session);
            }
        } catch (IOException e) {
            // The client's loss: it hung up, or does not read.
            if (!(e instanceof LinuxException linux) || linux.errno() != Errno.EPIPE) {
                Log.about("control-client").warn("control socket: " + e.getMessage());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            session.ended();
        }
    }

    private static boolean serveNext(LineChannel channel, ControlSession session)
            throws IOException, InterruptedException {
        long patienceMs = session.patienceMs();
        try {
            Message request = channel.receive(patienceMs < 0 ? -1 : patienceMs * NS_PER_MS);
            if (request != null) {
                answer(channel, session, request);
            }
            return request != null;
        } catch (RpcException e) {
            reply(channel, null, "error", error(e));
            return true;
        }
    }

    private static void answer(LineChannel channel, ControlSession session, Message request)
            throws IOException, InterruptedException {
        Object id = request.json().get("id");
        try {
            String method = method(request);
            Object result = session.call(method, new Parameters(request));
            if (id != null) {
                reply(channel, id, "result", result);
            }
        } catch (RpcException e) {
            reply(channel, id, "error", error(e));
        } catch (RuntimeException e) {
            Log.about("control").error("a control request failed, please report this", e);
            reply(
                    channel,
                    id,
                    "error",
                    error(new RpcException(RpcException.INTERNAL_ERROR, e.toString())));
        } finally {
            request.close();
        }
    }

    private static String method(Message request) throws RpcException {
        String method = request.json().path("method").asText("");
        if (method.isEmpty() || !request.json().path("jsonrpc").asText("").equals("2.0")) {
            throw new RpcException(
                    RpcException.INVALID_REQUEST,
                    "a request has the members \"jsonrpc\":\"2.0\" and method");
        }
        return method;
    }

    private static Map<String, Object> error(RpcException e) {
        return Map.of("code", e.code(), "message", String.valueOf(e.getMessage()));
    }

    private static void reply(LineChannel channel, @Nullable Object id, String member, Object value)
            throws IOException {
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("jsonrpc", "2.0");
        reply.put("id", id);
        reply.put(member, value);
        List<Fd> fds = new ArrayList<>();
        byte[] line = Lines.encode(reply, fds);
        channel.send(line, fds, SEND_NS);
    }

    /** Accepts no more clients; those that are there go on. The socket stays open. */
    public void stopAccepting() {
        closed = true;
        wake.signal();
        acceptor.close();
    }

    /** Accepts no more and closes the socket; its file is somebody else's to remove. */
    @Override
    public void close() {
        stopAccepting();
        socket.close();
        wake.close();
        clients.close();
    }
}
