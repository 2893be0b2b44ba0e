package dev.ringside.virtio.net.port.stream;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.UnixSocket;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortMetrics;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtqueue.device.ShardContext;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * {@code socket:PATH[,listen=on[,mode=0600]][,reconnect-ms=N]}: a peer at the other end of a unix
 * stream socket, such as passt or QEMU's {@code -netdev stream}. One queue pair, no offloads.
 *
 * <p>Without {@code listen} it connects to PATH, and to it again {@code reconnect-ms} (1000) after
 * the peer went or was not there; 0: then the first attempt must succeed and none follows. With
 * {@code listen} it waits there for one peer at a time. The link is down without a peer: what the
 * guest transmits then is dropped and counted. Peers are looked for while a guest's queues run.
 */
public final class StreamPort implements PacketPort {
    private static final int DEFAULT_RECONNECT_MS = 1000;
    private static final int MAX_RECONNECT_MS = 3_600_000;
    private static final int MTU = 65535;
    private static final int OWNER_ONLY = 0600;

    private final Path path;
    private final StreamEndpoint endpoint;
    private final int reconnectMs;
    private final Counters<StreamCounter> counters = new Counters<>(StreamCounter.class);
    private final MetricsRegistry.Registration registration;
    private final IncomingFrames incoming = new IncomingFrames();
    private final OutgoingFrames outgoing = new OutgoingFrames();
    private volatile boolean up;
    private volatile Runnable linkListener = () -> {};

    // Of the session's shard; between sessions of the thread that begins the next one.
    private @Nullable UnixSocket socket;
    private @Nullable StreamSession session;
    private boolean closed;

    private StreamPort(
            PortUri uri,
            Path path,
            StreamEndpoint endpoint,
            int reconnectMs,
            MetricsRegistry metrics) {
        this.path = path;
        this.endpoint = endpoint;
        this.reconnectMs = reconnectMs;
        registration = metrics.register(PortMetrics.labels(uri), counters);
    }

    /**
     * Listens, or makes the first attempt to connect.
     *
     * @throws IllegalArgumentException when the text is wrong
     * @throws IOException when it can neither listen nor connect; that nobody is there is no error
     *     as long as it may be tried again
     */
    public static PacketPort open(PortUri uri, MetricsRegistry metrics) throws IOException {
        uri.allowOnly("listen", "mode", "reconnect-ms");
        Path path = path(uri);
        boolean listen = uri.flag("listen", false);
        if (listen && uri.value("reconnect-ms") != null) {
            throw uri.refused(
                    "reconnect-ms",
                    String.valueOf(uri.value("reconnect-ms")),
                    "goes without listen=on: who listens waits");
        }
        int mode = mode(uri, listen);
        int reconnectMs = uri.intNumber("reconnect-ms", DEFAULT_RECONNECT_MS, 0, MAX_RECONNECT_MS);
        StreamEndpoint endpoint =
                listen ? StreamEndpoint.listening(path, mode) : StreamEndpoint.connecting(path);
        UnixSocket first = null;
        if (!listen) {
            first = reconnectMs == 0 ? UnixSocket.connect(path) : endpoint.next();
        }
        StreamPort port = new StreamPort(uri, path, endpoint, reconnectMs, metrics);
        if (first != null) {
            port.connected(first);
        }
        return port;
    }

    /** Who may connect to a socket of ours: nobody else unless said. */
    private static int mode(PortUri uri, boolean listen) {
        String text = uri.value("mode");
        if (text == null) {
            return OWNER_ONLY;
        }
        if (!listen || !text.matches("0?[0-7]{3}")) {
            throw uri.refused("mode", text, "must be octal, as 0660, and goes with listen=on only");
        }
        return Integer.parseInt(text, 8);
    }

    private static Path path(PortUri uri) {
        try {
            return Path.of(uri.requireName("PATH"));
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(
                    "socket: " + uri.name() + ": not a path: " + e.getReason(), e);
        }
    }

    // ---- for the session ----

    @Nullable UnixSocket socket() {
        return socket;
    }

    StreamEndpoint endpoint() {
        return endpoint;
    }

    IncomingFrames incoming() {
        return incoming;
    }

    OutgoingFrames outgoing() {
        return outgoing;
    }

    Counters<StreamCounter> counters() {
        return counters;
    }

    /** Milliseconds between attempts to connect; 0: there is no second one. */
    int reconnectMs() {
        return reconnectMs;
    }

    /** When to try again after something went wrong that no descriptor tells the end of. */
    int retryMs() {
        return reconnectMs == 0 ? DEFAULT_RECONNECT_MS : reconnectMs;
    }

    void connected(UnixSocket peer) {
        counters.increment(StreamCounter.CONNECTIONS);
        incoming.reset();
        outgoing.reset();
        socket = peer;
        setLink(true);
    }

    void disconnected(StreamCounter reason) {
        UnixSocket peer = socket;
        if (peer == null) {
            return;
        }
        counters.increment(reason);
        socket = null;
        peer.shutdown(); // polls of it may still be in a ring, and keep it open
        peer.close();
        setLink(false);
    }

    void ended() {
        session = null;
    }

    private void setLink(boolean value) {
        up = value;
        linkListener.run();
    }

    // ---- for the device ----

    @Override
    public String describe() {
        if (endpoint.listenerFd() >= 0) {
            return "socket " + path + ", listening" + (up ? ", connected" : "");
        }
        return "socket " + path + (up ? ", connected" : ", nobody listens there yet");
    }

    @Override
    public int maxQueuePairs() {
        return 1;
    }

    @Override
    public int mtu() {
        return MTU;
    }

    @Override
    public boolean linkUp() {
        return up;
    }

    @Override
    public void onLinkChange(Runnable listener) {
        linkListener = listener;
    }

    @Override
    public FrameSink openTransmit(ShardContext shard, int pair) {
        return session(shard).openTransmit();
    }

    @Override
    public FrameSource openReceive(ShardContext shard, int pair, FrameSink into) {
        return session(shard).openReceive(into);
    }

    private StreamSession session(ShardContext shard) {
        StreamSession current = session;
        if (current == null) {
            current = new StreamSession(this, shard);
            session = current;
        } else if (!current.isOn(shard)) {
            throw new IllegalStateException("both queues of a pair are one shard's");
        }
        return current;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        registration.close();
        UnixSocket peer = socket;
        if (peer != null) {
            socket = null;
            peer.shutdown();
            peer.close();
        }
        endpoint.close();
        incoming.close();
        outgoing.close();
    }
}
