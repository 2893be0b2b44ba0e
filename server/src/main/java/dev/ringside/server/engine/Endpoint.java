package dev.ringside.server.engine;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.log.Log;
import dev.ringside.server.log.Subject;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.shm.UnixSocket;
import dev.ringside.vhostuser.ProtocolException;
import dev.ringside.vhostuser.SessionLimits;
import dev.ringside.virtqueue.IotlbCounter;
import dev.ringside.virtqueue.QueueCounter;
import dev.ringside.virtqueue.Resumption;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.device.DeviceStateException;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One device and where its front-end comes from: accepts or connects, one connection at a time,
 * again after each loss. Confined to the conductor but for {@link DeviceHandle}'s methods.
 *
 * <p>While a front-end is connected others wait in the listen backlog: a probe that connects and
 * leaves is seen, and forgotten, when its turn comes.
 */
final class Endpoint implements DeviceHandle {
    private static final long ACCEPT_RETRY_MS = 1_000;

    private static final String UNANSWERED =
            " requests were taken before and not answered; without an in-flight region nobody"
                    + " knows which: the driver may wait for them for ever";

    private final Conductor conductor;
    private final VirtioDevice device;
    private final SocketSource source;
    private final SessionLimits limits;
    private final EndpointStats stats;
    private final ShardThread[] shards;
    private final int firstShard;
    private final Runnable ended;
    private final FaultFds faultFds;
    private final FrontEndFds fds = new FrontEndFds();
    private final CountDownLatch end = new CountDownLatch(1);
    private @Nullable ServerSocket listening;
    private @Nullable UnixSocket inherited;
    private long acceptToken = -1;
    private boolean shuttingDown;
    private boolean finished;
    private boolean frozen;
    private final OperatorCalls operator = new OperatorCalls(this);
    private boolean connectFailureTold;
    private volatile @Nullable Connection connection;

    Endpoint(
            Conductor conductor,
            VirtioDevice device,
            SocketSource source,
            SessionLimits limits,
            MetricsRegistry metrics,
            ShardThread[] shards,
            int firstShard,
            Runnable ended) {
        this.conductor = conductor;
        this.device = device;
        this.source = source;
        this.limits = limits;
        stats =
                new EndpointStats(
                        device, metrics, limits, this::connected, this::paused, fds::open);
        this.shards = shards;
        this.firstShard = firstShard;
        this.ended = ended;
        faultFds = new FaultFds(device.name(), source.description());
    }

    /** Takes over the sockets that were opened for this endpoint. */
    void useSockets(@Nullable ServerSocket server, @Nullable UnixSocket connected) {
        listening = server;
        inherited = connected;
    }

    /** Conductor thread: begins to serve. */
    void begin() {
        final UnixSocket connected = inherited;
        if (connected != null) {
            serve(connected);
        } else {
            awaitFrontEnd();
        }
    }

    /** Before anything else: it serves nobody until {@link #thaw}. */
    void beginFrozen() {
        frozen = true;
    }

    /**
     * Conductor thread: stops the device's queues at a place where another process could go on, and
     * accepts nobody.
     *
     * @param done runs when that is so; not after {@link #thaw}
     */
    void freeze(Runnable done) {
        frozen = true;
        unwatchServer();
        final Connection open = connection;
        if (open == null) {
            done.run();
        } else {
            open.freeze(done);
        }
    }

    /** Conductor thread: goes on where it was; {@code done} runs when its queues do. */
    void thaw(Runnable done) {
        frozen = false;
        final Connection open = connection;
        if (open == null) {
            awaitFrontEnd();
            done.run();
        } else {
            open.thaw(done);
        }
    }

    /** Conductor thread: what it is while it is frozen. */
    SavedEndpoint save() {
        final ServerSocket server = listening;
        final Connection open = connection;
        return new SavedEndpoint(
                device.name(),
                HexFormat.of().formatHex(device.saveState()),
                server == null ? null : server.socket().fd(),
                server == null ? null : server.madeFile(),
                open == null ? null : open.save());
    }

    /**
     * Conductor thread: becomes what was saved, still frozen.
     *
     * @throws IOException when the device cannot go on with it; the message says why
     */
    void restore(SavedEndpoint saved) throws IOException {
        final Fd server = saved.listening();
        final String file = saved.socketFile();
        if (server != null) {
            listening =
                    ServerSocket.takenOver(
                            UnixSocket.adopt(server), file == null ? null : Path.of(file));
        }
        final SavedConnection open = saved.connection();
        if (open != null) {
            stats.count(SessionCounter.CONNECTIONS);
            connection = new Connection(this, open, limits);
        }
        try {
            device.loadState(HexFormat.of().parseHex(saved.stateHex()));
        } catch (DeviceStateException e) {
            throw new IOException("device " + device.name() + ": " + e.getMessage(), e);
        }
    }

    /** Conductor thread: waits for a front-end, if it may and there is none. */
    void awaitFrontEnd() {
        final ServerSocket server = listening;
        if (connection != null || acceptToken >= 0) {
            return;
        }
        if (shuttingDown) {
            finish();
        } else if (frozen || !operator.accepting()) {
            return; // thaw and accept come here again
        } else if (hasTooManyFds()) {
            awaitClosing();
        } else if (server != null) {
            watchServer(server);
        } else if (source instanceof SocketSource.Connect connect) {
            connect(connect);
        } else {
            finish();
        }
    }

    private boolean hasTooManyFds() {
        return fds.open() > limits.maxDescriptors();
    }

    /** What came with a message, unless the front-end has more open with that than it may. */
    ReceivedFds checked(ReceivedFds received) throws ProtocolException {
        if (received.count() > 0 && hasTooManyFds()) {
            throw new ProtocolException(
                    "it has %d descriptors open here with the last message: at most %d (%s)"
                            .formatted(fds.open(), limits.maxDescriptors(), "--descriptors"));
        }
        return received;
    }

    /** Those before do not let go: another one would only add to that. */
    private void awaitClosing() {
        about("closing")
                .warn(
                        "nobody is served on "
                                + description()
                                + ": "
                                + fds.open()
                                + " descriptors of the front-end before are still being closed,"
                                + " which its files or sockets hold up: end that front-end");
        conductor.after(ACCEPT_RETRY_MS, this::awaitFrontEnd);
    }

    private void watchServer(ServerSocket server) {
        try {
            acceptToken = conductor.watch(server.number(), Epoll.IN, events -> accept(server));
        } catch (LinuxException e) {
            acceptLater(e);
        }
    }

    private void accept(ServerSocket server) {
        try {
            final UnixSocket accepted = server.accept();
            if (accepted != null) {
                unwatchServer();
                serve(accepted);
            }
        } catch (LinuxException e) {
            unwatchServer();
            acceptLater(e);
        }
    }

    private void acceptLater(LinuxException e) {
        about("accept")
                .warn(
                        "cannot accept on "
                                + description()
                                + ", tried again each second: "
                                + e.getMessage());
        conductor.after(ACCEPT_RETRY_MS, this::awaitFrontEnd);
    }

    /** Conductor thread: waits for none. */
    void unwatchServer() {
        final ServerSocket server = listening;
        if (server != null && acceptToken >= 0) {
            conductor.unwatch(server.number(), acceptToken);
            acceptToken = -1;
        }
    }

    private void connect(SocketSource.Connect connect) {
        try {
            serve(UnixSocket.connect(connect.path()));
            connectFailureTold = false;
        } catch (LinuxException e) {
            if (!connectFailureTold) {
                connectFailureTold = true;
                about("connect")
                        .info(
                                "waiting for a front-end that listens on "
                                        + connect.path()
                                        + ": "
                                        + e.getMessage());
            }
            conductor.after(connect.retryMs(), this::awaitFrontEnd);
        }
    }

    private void serve(UnixSocket socket) {
        stats.count(SessionCounter.CONNECTIONS);
        about("session").debug("front-end connected on " + description());
        final Connection opened = new Connection(this, fds.kept(socket), limits);
        connection = opened;
        opened.open();
    }

    void connectionClosed(Connection closed) {
        if (connection != closed) {
            return;
        }
        connection = null;
        about("session").debug("front-end on " + description() + " has gone");
        stats.sessionEnded();
        if (source instanceof SocketSource.Connect connect && !shuttingDown) {
            conductor.after(connect.retryMs(), this::awaitFrontEnd);
        } else {
            awaitFrontEnd();
        }
    }

    /** Conductor thread: accepts no more, drains, ends. */
    void shutdown() {
        if (shuttingDown) {
            return;
        }
        shuttingDown = true;
        unwatchServer();
        final ServerSocket server = listening;
        if (server != null) {
            server.close();
            listening = null;
        }
        final Connection open = connection;
        if (open != null) {
            open.close(SessionCounter.CLOSED_BY_SHUTDOWN, null);
        } else {
            finish();
        }
    }

    /** Any thread but the engine's: as {@link #shutdown}; whether it has ended in time. */
    boolean awaitEnd(long timeoutMs) throws InterruptedException {
        conductor.post(this::shutdown);
        return end.await(timeoutMs, TimeUnit.MILLISECONDS);
    }

    private void finish() {
        if (!finished) {
            finished = true;
            stats.close();
            conductor.slowly(faultFds::close);
            ended.run();
            end.countDown();
        }
    }

    /** What the operator did, and does. */
    OperatorCalls operator() {
        return operator;
    }

    @Override
    public boolean paused() {
        return operator.paused();
    }

    /** Conductor thread: the connection's queues; null: nobody is connected. */
    @Nullable QueueSlots queues() {
        final Connection open = connection;
        return open == null ? null : open.slots();
    }

    /** Any thread: the device's configuration changed. */
    void configChanged() {
        conductor.post(
                () -> {
                    final Connection open = connection;
                    if (open != null) {
                        open.configChanged();
                    }
                });
    }

    /** Any thread: the device may have something to tell. */
    void newsOfDevice() {
        conductor.post(
                () -> {
                    final String news = device.news();
                    if (news != null) {
                        tell(news);
                    }
                });
    }

    /** Conductor thread: how it is now. */
    DeviceStatus status() {
        final Connection open = connection;
        return DeviceStatus.of(this, open == null ? null : open.session());
    }

    EndpointStats stats() {
        return stats;
    }

    /** Something that a device wants its operator to know. */
    void tell(String news) {
        about("device").warn("device " + device.name() + ": " + news);
    }

    /** What the front-end gave. */
    FrontEndFds fds() {
        return fds;
    }

    /** To be used by {@link Conductor#slowly}. */
    FaultFds faultFds() {
        return faultFds;
    }

    Conductor conductor() {
        return conductor;
    }

    VirtioDevice device() {
        return device;
    }

    /** The shard that a queue belongs to for as long as the device is attached. */
    ShardThread shard(int queue) {
        return shards[(firstShard + device.shardGroup(queue)) % shards.length];
    }

    Counters<QueueCounter> queueCounters(int queue) {
        return stats.queue(queue);
    }

    void count(SessionCounter counter) {
        stats.count(counter);
    }

    void count(IotlbCounter counter) {
        stats.count(counter);
    }

    void translations(int entries) {
        stats.translations(entries);
    }

    void memory(int regions, long mappedBytes) {
        stats.memory(regions, mappedBytes);
    }

    void sessionCloses(SessionCounter reason, @Nullable String message) {
        stats.count(reason);
        if (message != null) {
            about("session").warn("session on " + description() + " closed: " + message);
        }
    }

    void readsPause() {
        stats.count(SessionCounter.PAUSES);
        about("rate")
                .warn(
                        "front-end on "
                                + description()
                                + " sends more than "
                                + limits.maxReadsPerSecond()
                                + " messages a second: it is read no faster than that"
                                + " (--message-rate)");
    }

    void ringFaulted(int queue, RingFault fault, @Nullable Throwable cause) {
        stats.countFault(queue, fault);
        final String what =
                "device " + device.name() + ": queue " + queue + " stopped: " + fault.label();
        if (cause == null) {
            about("ring").queue(queue).warn(what);
        } else {
            about("ring").queue(queue).error(what + ", please report this", cause);
        }
    }

    /** Tells the operator what a back-end before left over. */
    void queueResumes(int queue, Resumption found) {
        stats.mended(queue);
        final String what = "device " + device.name() + ": queue " + queue + ": ";
        about("ring").queue(queue).debug(what + "starts");
        if (found.replayed() > 0) {
            about("replay")
                    .queue(queue)
                    .warn(what + found.replayed() + " requests were in flight and are done again");
        }
        if (found.unknown() > 0) {
            about("unanswered").queue(queue).warn(what + found.unknown() + UNANSWERED);
        }
    }

    String description() {
        return source.description();
    }

    /** Begins a line of the log about this device. */
    Subject about(String topic) {
        return Log.about(topic).device(device.name());
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public String socket() {
        return description();
    }

    @Override
    public boolean connected() {
        return connection != null;
    }
}
