package dev.ringside.server.engine;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.Fd;
import dev.ringside.shm.UnixSocket;
import dev.ringside.vhostuser.SessionLimits;
import dev.ringside.virtqueue.RingView;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The running back-end: one conductor, N shards, and the devices attached to them. Its methods may
 * be called on any thread but the engine's own.
 */
public final class Engine implements AutoCloseable {
    private static final int STATUS_LIMIT_S = 10;

    private final Conductor conductor;
    private final ShardThread[] shards;
    private final MetricsRegistry metrics;
    private final List<Endpoint> endpoints = new CopyOnWriteArrayList<>();
    private final SessionLimits limits;
    private volatile Begin begin;
    private volatile boolean accepting = true;
    private final Serving serving = new Serving();
    private int nextShard;
    private volatile boolean stopping;
    private volatile boolean frozen;
    private boolean closed;

    private Engine(
            Conductor conductor,
            ShardThread[] shards,
            MetricsRegistry metrics,
            Begin begin,
            SessionLimits limits) {
        this.conductor = conductor;
        this.shards = shards;
        this.metrics = metrics;
        this.begin = begin;
        this.limits = limits;
    }

    /** Starts the threads. Throws when the host lacks something they need, and says what. */
    public static Engine start(EngineConfig config, MetricsRegistry metrics) throws IOException {
        return start(config, metrics, Begin.SERVING);
    }

    /** Starts the threads; sources of devices are opened, and served from {@link #release} on. */
    public static Engine startHeld(EngineConfig config, MetricsRegistry metrics)
            throws IOException {
        return start(config, metrics, Begin.HELD);
    }

    /**
     * Starts the threads to go on with what another engine has frozen: sources of devices are not
     * opened, and nothing is served before {@link #restore} and {@link #thaw}.
     */
    public static Engine startFrozen(EngineConfig config, MetricsRegistry metrics)
            throws IOException {
        return start(config, metrics, Begin.FROZEN);
    }

    private static Engine start(EngineConfig config, MetricsRegistry metrics, Begin begin)
            throws IOException {
        final ShardThread[] shards = new ShardThread[config.shards()];
        int started = 0;
        try {
            for (; started < shards.length; started++) {
                shards[started] = ShardThread.start(started, config, metrics);
            }
            final Conductor conductor = new Conductor();
            conductor.start();
            return new Engine(conductor, shards, metrics, begin, config.limits());
        } catch (IOException e) {
            for (int i = 0; i < started; i++) {
                shards[i].close();
            }
            throw e;
        }
    }

    /**
     * Serves a device to whatever front-end comes from the source. When this returns the socket
     * listens (or the first connection attempt is under way). The device stays the caller's to
     * close, after the engine.
     */
    public synchronized DeviceHandle attach(VirtioDevice device, SocketSource source)
            throws IOException {
        if (stopping) {
            throw new IOException("the process is about to end");
        }
        final Sockets sockets = begin == Begin.FROZEN ? new Sockets(null, null) : open(source);
        final Endpoint endpoint = endpoint(device, source);
        endpoint.useSockets(sockets.server(), sockets.connected());
        switch (begin) {
            case SERVING -> conductor.post(endpoint::begin);
            case HELD -> {} // release begins
            case FROZEN -> endpoint.beginFrozen();
        }
        return endpoint;
    }

    /**
     * Serves a device no more: what it has taken is answered, its front-end hung up on, its socket
     * closed. The device is then the caller's to close.
     *
     * @param handle what {@link #attach} gave
     * @return false: host I/O did not end in time, and works with the device's memory
     */
    public boolean detach(DeviceHandle handle, long timeoutMs) throws InterruptedException {
        final Endpoint endpoint = (Endpoint) handle;
        final boolean ended = endpoint.awaitEnd(timeoutMs);
        if (ended) {
            endpoints.remove(endpoint);
        }
        return ended;
    }

    /**
     * How every device is now.
     *
     * @throws IllegalStateException when the conductor does not say, for long or at all
     */
    public List<DeviceStatus> status() throws InterruptedException {
        return onConductor(() -> endpoints.stream().map(Endpoint::status).toList());
    }

    /**
     * Has a device take nothing from its queues, those of front-ends to come too, or go on. Its
     * front-end notices nothing.
     *
     * @param device its name
     * @return completes when that is so: what was taken before is answered. Never when the storage
     *     does not answer
     */
    public CompletableFuture<Boolean> pause(String device, boolean paused) throws IOException {
        final Endpoint endpoint = named(device);
        final CompletableFuture<Boolean> done = new CompletableFuture<>();
        conductor.post(() -> endpoint.operator().pause(paused, () -> done.complete(true)));
        return done;
    }

    /** Accepts no front-end any more on any device, or again; who is connected stays. */
    public void accept(boolean value) {
        accepting = value;
        conductor.post(() -> endpoints.forEach(endpoint -> endpoint.operator().accept(value)));
    }

    /**
     * What stands in a device's ring now, and where the device is in it.
     *
     * @param device its name
     * @param entries the most entries to show
     * @return completes with null when the queue is not started
     */
    public CompletableFuture<@Nullable RingView> view(String device, int queue, int entries)
            throws IOException {
        final Endpoint endpoint = named(device);
        final CompletableFuture<@Nullable RingView> seen = new CompletableFuture<>();
        conductor.post(() -> endpoint.operator().view(queue, entries, seen));
        return seen;
    }

    private <T> T onConductor(Supplier<T> question) throws InterruptedException {
        final CompletableFuture<T> answer = new CompletableFuture<>();
        conductor.post(
                () -> {
                    try {
                        answer.complete(question.get());
                    } catch (RuntimeException e) {
                        answer.completeExceptionally(e);
                    }
                });
        try {
            return answer.get(STATUS_LIMIT_S, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException("the conductor does not answer", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** The end of the last device is not that of the engine, until told otherwise. */
    public void keepServing() {
        serving.join();
    }

    /** From now on {@link #awaitTermination} ends with the last device. */
    public void serveAsLongAsNeeded() {
        serving.leave();
    }

    /** Serves what was attached to an engine that {@link #startHeld} started; once. */
    public synchronized void release() {
        begin = Begin.SERVING;
        endpoints.forEach(endpoint -> conductor.post(endpoint::begin));
    }

    /**
     * Makes now what endpoints otherwise make by another process when it is first asked for, which
     * a sandbox does not let them.
     *
     * @return completes when that is done
     */
    public CompletableFuture<Boolean> prepareForSandbox() {
        final CompletableFuture<Boolean> done = new CompletableFuture<>();
        conductor.slowly(
                () -> {
                    endpoints.forEach(endpoint -> endpoint.faultFds().prepare());
                    done.complete(true);
                });
        return done;
    }

    private Endpoint endpoint(VirtioDevice device, SocketSource source) {
        final Endpoint endpoint =
                new Endpoint(
                        conductor,
                        device,
                        source,
                        limits,
                        metrics,
                        shards,
                        nextShard,
                        serving::leave);
        nextShard = (nextShard + groups(device)) % shards.length;
        device.onConfigChange(endpoint::configChanged);
        device.onNews(endpoint::newsOfDevice);
        serving.join();
        endpoints.add(endpoint);
        if (!accepting) {
            conductor.post(() -> endpoint.operator().accept(false));
        }
        return endpoint;
    }

    /**
     * Stops every queue of every device at a place where another process could go on; front-ends
     * hear nothing, and nobody is accepted.
     *
     * @return completes when that is so; not after {@link #thaw}
     */
    public CompletableFuture<List<SavedEndpoint>> freeze() {
        final CompletableFuture<List<SavedEndpoint>> saved = new CompletableFuture<>();
        frozen = true;
        conductor.post(
                () -> {
                    final Runnable oneDone = countdown(endpoints.size(), () -> save(saved));
                    endpoints.forEach(endpoint -> endpoint.freeze(oneDone));
                });
        return saved;
    }

    private void save(CompletableFuture<List<SavedEndpoint>> saved) {
        try {
            saved.complete(endpoints.stream().map(Endpoint::save).toList());
        } catch (RuntimeException e) {
            saved.completeExceptionally(e);
        }
    }

    /**
     * Goes on where everything was frozen, or was restored to.
     *
     * @return completes when every queue runs
     */
    public CompletableFuture<Boolean> thaw() {
        final CompletableFuture<Boolean> thawed = new CompletableFuture<>();
        begin = Begin.SERVING;
        frozen = false;
        conductor.post(
                () -> {
                    final Runnable oneDone =
                            countdown(endpoints.size(), () -> thawed.complete(true));
                    endpoints.forEach(endpoint -> endpoint.thaw(oneDone));
                });
        return thawed;
    }

    private static Runnable countdown(int count, Runnable done) {
        final int[] left = {count};
        return () -> {
            if (--left[0] == 0) {
                done.run();
            }
        };
    }

    /**
     * Has the frozen devices become what was saved, each by its name. They stay frozen.
     *
     * @throws IOException when one cannot; the message says which and why. The engine is then of no
     *     more use
     */
    public void restore(List<SavedEndpoint> saved) throws IOException, InterruptedException {
        if (saved.size() != endpoints.size()) {
            throw new IOException(
                    saved.size() + " devices were saved, and there are " + endpoints.size());
        }
        final CompletableFuture<Boolean> done = new CompletableFuture<>();
        conductor.post(
                () -> {
                    try {
                        for (final SavedEndpoint one : saved) {
                            named(one.device()).restore(one);
                        }
                        done.complete(true);
                    } catch (IOException | RuntimeException e) {
                        done.completeExceptionally(e);
                    }
                });
        try {
            done.get();
        } catch (ExecutionException e) {
            throw new IOException(Objects.requireNonNull(e.getCause()).getMessage(), e);
        }
    }

    private Endpoint named(String name) throws IOException {
        for (final Endpoint endpoint : endpoints) {
            if (endpoint.name().equals(name)) {
                return endpoint;
            }
        }
        throw new IOException("there is no device " + name);
    }

    /**
     * Another process has taken over what was frozen: {@link #awaitTermination} returns, and
     * nothing here is to be closed or called again before the process ends.
     */
    public void abandon() {
        serving.leaveAll();
    }

    private static int groups(VirtioDevice device) {
        return device.shardGroup(device.queueCount() - 1) + 1;
    }

    /**
     * Runs something on a shard and waits for it: opens or closes what is polled there without
     * being a queue.
     *
     * @param shard which one, modulo their number
     * @throws IllegalStateException when it failed, with the cause
     */
    public void onShard(int shard, Consumer<ShardContext> action) throws InterruptedException {
        shards[shard % shards.length].run(action);
    }

    /** How many endpoints still serve. */
    private static final class Serving {
        private int count;

        synchronized void join() {
            count++;
        }

        synchronized void leave() {
            count--;
            notifyAll();
        }

        synchronized void leaveAll() {
            count = 0;
            notifyAll();
        }

        synchronized boolean await(long timeoutMs) throws InterruptedException {
            final long startMs = System.nanoTime() / 1_000_000;
            while (count > 0) {
                final long leftMs = timeoutMs - (System.nanoTime() / 1_000_000 - startMs);
                if (leftMs <= 0) {
                    return false;
                }
                wait(leftMs);
            }
            return true;
        }
    }

    /** What attaching a device begins. */
    private enum Begin {
        SERVING,
        HELD,
        FROZEN
    }

    private record Sockets(@Nullable ServerSocket server, @Nullable UnixSocket connected) {}

    private static Sockets open(SocketSource source) throws IOException {
        return switch (source) {
            case SocketSource.Listen listen -> new Sockets(ServerSocket.listen(listen), null);
            case SocketSource.Connect connect -> new Sockets(null, null);
            case SocketSource.Inherited inherited -> inherit(inherited.fdNumber());
        };
    }

    private static Sockets inherit(int number) throws IOException {
        final UnixSocket socket = UnixSocket.adopt(Fd.adopt(number));
        return socket.isListening()
                ? new Sockets(ServerSocket.of(socket), null)
                : new Sockets(null, socket);
    }

    /** False once a shard failed in a way that no guest or front-end explains. */
    public boolean healthy() {
        for (final ShardThread shard : shards) {
            if (!shard.healthy()) {
                return false;
            }
        }
        return true;
    }

    /**
     * Asks each of its threads for a sign of life.
     *
     * @param patienceMs how long they may take, all of them together
     * @return what is wrong, a line for each thread; empty: nothing
     */
    public List<String> failures(long patienceMs) throws InterruptedException {
        return Liveness.failures(conductor, shards, patienceMs);
    }

    /** Why front-ends are not served now; null: they are. */
    public @Nullable String notReady() {
        if (stopping) {
            return "ending";
        }
        if (frozen || begin == Begin.FROZEN) {
            return "another process takes over";
        }
        if (begin == Begin.HELD) {
            return "starting";
        }
        return accepting ? null : "draining";
    }

    /**
     * Waits until no attached device can have a front-end any more: after {@link #shutdown}, or
     * when every inherited connection has ended.
     */
    public void awaitTermination() throws InterruptedException {
        serving.await(Long.MAX_VALUE);
    }

    /**
     * Accepts no more, finishes and answers what is in flight, closes every session. False: host
     * I/O did not finish in time (the process may still end: nothing unfinished was acknowledged).
     */
    public boolean shutdown(long timeoutMs) throws InterruptedException {
        synchronized (this) {
            stopping = true;
        }
        conductor.post(() -> endpoints.forEach(Endpoint::shutdown));
        return serving.await(timeoutMs);
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            conductor.close();
            for (final ShardThread shard : shards) {
                shard.close();
            }
        }
    }
}
