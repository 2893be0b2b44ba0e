package dev.ringside.server.engine;

import dev.ringside.shm.Epoll;
import dev.ringside.shm.Errno;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.shm.UnixSocket;
import dev.ringside.vhostuser.Countdown;
import dev.ringside.vhostuser.ProtocolException;
import dev.ringside.vhostuser.QueueStart;
import dev.ringside.vhostuser.SessionHost;
import dev.ringside.vhostuser.SessionLimits;
import dev.ringside.vhostuser.VhostUserSession;
import dev.ringside.virtqueue.IotlbCounter;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.Virtqueue;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * One front-end's connection: moves bytes between its socket and the session, and carries out what
 * the session asks for by commands to the shards. Confined to the conductor.
 */
final class Connection implements SessionHost {
    private static final int UNWATCHED = -1;
    private final Endpoint endpoint;
    private final Conductor conductor;
    private final UnixSocket socket;
    private final VhostUserSession session;
    private final Freeze freeze;
    private final TransferWatch transfer;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment inbound;
    private final ReceivedFds receivedFds = new ReceivedFds();
    private final Outbound replies;
    private final QueueSlots slots;
    private @Nullable BackendSocket backendChannel;
    private long token = UNWATCHED;
    private int watchedEvents;
    private boolean closing;
    private boolean closed;
    private int slotsStopping;
    private final MessageRate rate;

    Connection(Endpoint endpoint, UnixSocket socket, SessionLimits limits) {
        this.endpoint = endpoint;
        this.socket = socket;
        conductor = endpoint.conductor();
        transfer = new TransferWatch(conductor);
        rate = new MessageRate(limits.maxReadsPerSecond(), System.nanoTime());
        inbound = arena.allocate(Math.max(64, limits.maxPayloadBytes()));
        replies = new Outbound(socket);
        slots = new QueueSlots(endpoint.device().queueCount());
        session = new VhostUserSession(endpoint.device(), this, limits);
        freeze = new Freeze(session, false);
    }

    /**
     * The connection that another process, or this one, has saved; frozen. What was saved is its
     * own from now on.
     *
     * @throws IOException when this device cannot go on with it; the message says why
     */
    Connection(Endpoint endpoint, SavedConnection saved, SessionLimits limits) throws IOException {
        this.endpoint = endpoint;
        endpoint.fds().keep(saved);
        socket = UnixSocket.adopt(saved.socket());
        conductor = endpoint.conductor();
        transfer = new TransferWatch(conductor);
        rate = new MessageRate(limits.maxReadsPerSecond(), System.nanoTime());
        inbound = arena.allocate(Math.max(64, limits.maxPayloadBytes()));
        replies = new Outbound(socket);
        replies.restore(saved.replies());
        slots = new QueueSlots(endpoint.device().queueCount());
        final var channel = Outbound.restored(saved.backendChannel(), saved.backendRequests());
        try {
            session = VhostUserSession.restore(endpoint.device(), this, limits, saved.session());
        } catch (ProtocolException e) {
            throw new IOException(e.getMessage(), e);
        }
        backendChannel =
                channel == null ? null : new BackendSocket(channel, conductor, session, this);
        freeze = new Freeze(session, true);
    }

    /** See {@link Endpoint#freeze}; {@code done} also runs when the connection has ended. */
    void freeze(Runnable done) {
        freeze.begin(done);
        updateWatch();
    }

    /** What a frozen connection is; its descriptors stay its own. */
    SavedConnection save() {
        final BackendSocket channel = backendChannel;
        return new SavedConnection(
                socket.fd(),
                session.save(),
                replies.save(),
                channel == null ? null : channel.socket().fd(),
                channel == null ? List.of() : channel.save());
    }

    /** Goes on where it was; {@code done} runs when its queues do. */
    void thaw(Runnable done) {
        if (closing) {
            done.run();
        } else {
            freeze.thaw(done);
            updateWatch();
        }
    }

    /** Starts to read. */
    void open() {
        updateWatch();
    }

    void configChanged() {
        if (!closing) {
            session.configChanged();
        }
    }

    private void onReady(int events) {
        if ((events & Epoll.OUT) != 0) {
            flushReplies();
        }
        if ((events & ~Epoll.OUT) != 0) {
            readMessages();
        }
        updateWatch();
    }

    private void readMessages() {
        try {
            for (int i = 0; i < MessageRate.READS_PER_TURN && mayRead(); i++) {
                final int received =
                        socket.receive(inbound.asSlice(0, session.wanted()), receivedFds);
                if (received == -Errno.EAGAIN) {
                    return;
                }
                if (received == 0) {
                    close(SessionCounter.CLOSED_BY_FRONT_END, null);
                    return;
                }
                rate.read(System.nanoTime());
                session.onData(inbound.asSlice(0, received), endpoint.checked(receivedFds));
            }
        } catch (ProtocolException e) {
            close(SessionCounter.CLOSED_BY_PROTOCOL, e.getMessage());
        } catch (LinuxException e) {
            final boolean hungUp = e.errno() == Errno.ECONNRESET;
            close(
                    hungUp ? SessionCounter.CLOSED_BY_FRONT_END : SessionCounter.CLOSED_BY_PROTOCOL,
                    hungUp ? null : e.getMessage());
        } catch (RuntimeException e) {
            failed(e);
        }
    }

    // One message at a time, and none while the front-end does not take its replies.
    private boolean mayRead() {
        final boolean ready = !closing && freeze.running() && session.idle() && replies.isEmpty();
        return ready && rate.allows(endpoint, this::updateWatch);
    }

    private void updateWatch() {
        if (closing) {
            unwatch();
            return;
        }
        if (backendChannel != null) {
            backendChannel.read(freeze.running());
        }
        endpoint.memory(session.memoryRegions(), session.mappedBytes());
        final int reading = session.idle() && !rate.pausing() ? Epoll.IN : 0;
        final int events = !freeze.running() ? 0 : replies.isEmpty() ? reading : Epoll.OUT;
        if (events == watchedEvents) {
            return;
        }
        try {
            if (events == 0) {
                // A hang-up is always reported: only removing the fd keeps this thread asleep.
                unwatch();
            } else if (token == UNWATCHED) {
                token = conductor.watch(socket.fd().number(), events, this::onReady);
            } else {
                conductor.rewatch(socket.fd().number(), events, token);
            }
            watchedEvents = events;
        } catch (LinuxException e) {
            close(SessionCounter.CLOSED_BY_BUG, e.getMessage());
        }
    }

    private void unwatch() {
        if (token != UNWATCHED) {
            conductor.unwatch(socket.fd().number(), token);
            token = UNWATCHED;
        }
        watchedEvents = 0;
    }

    /** Drains and stops every queue, then closes the session and its socket. */
    void close(SessionCounter reason, @Nullable String message) {
        if (closing) {
            return;
        }
        closing = true;
        endpoint.sessionCloses(reason, message);
        unwatch();
        slots.running().forEach(slot -> stop(slot, queue -> {}));
        finishCloseWhenStopped();
    }

    private void finishCloseWhenStopped() {
        if (!closing || closed || slotsStopping > 0) {
            return;
        }
        closed = true;
        session.close();
        endpoint.device().reset();
        closeBackendChannel();
        receivedFds.close();
        replies.hangUp();
        arena.close();
        freeze.ended();
        endpoint.connectionClosed(this);
    }

    private void flushReplies() {
        try {
            replies.flush();
        } catch (LinuxException e) {
            close(SessionCounter.CLOSED_BY_FRONT_END, null);
        }
    }

    @Override
    public void send(byte[] message, List<Fd> fds) {
        if (!closing) {
            replies.add(message, fds);
            flushReplies();
        }
    }

    @Override
    public void sendBackendRequest(byte[] message) {
        if (backendChannel != null && !closing) {
            backendChannel.send(message);
        }
    }

    private void closeBackendChannel() {
        if (backendChannel != null) {
            backendChannel.close();
            backendChannel = null;
        }
    }

    @Override
    public void setBackendChannel(@Nullable Fd fd) {
        closeBackendChannel();
        backendChannel = fd == null ? null : BackendSocket.open(fd, conductor, session, this);
    }

    @Override
    public void startQueue(QueueStart start, Runnable done) {
        final int index = start.queue().index();
        if (closing) {
            done.run();
            return;
        }
        final QueueSlot slot =
                new QueueSlot(
                        endpoint.device(),
                        start,
                        endpoint.paused(),
                        endpoint.queueCounters(index),
                        new QueueFaults(conductor, this));
        slots.put(slot);
        endpoint.queueResumes(index, start.queue().resumption());
        endpoint.shard(index).addQueue(slot, onConductor(done));
    }

    @Override
    public void stopQueue(int index, Consumer<Virtqueue> done) {
        stop(slots.get(index), done);
    }

    private void stop(QueueSlot slot, Consumer<Virtqueue> done) {
        slot.requestStop();
        slotsStopping++;
        endpoint.shard(slot.index())
                .stopQueue(slot, queue -> conductor.post(() -> stopped(slot.index(), queue, done)));
    }

    private void stopped(int index, Virtqueue queue, Consumer<Virtqueue> done) {
        slots.remove(index);
        slotsStopping--;
        resume(() -> done.accept(queue));
        finishCloseWhenStopped();
    }

    @Override
    public void enableQueue(int index, boolean enabled, Runnable done) {
        endpoint.shard(index).enableQueue(slots.get(index), enabled, onConductor(done));
    }

    @Override
    public void setCall(int index, @Nullable EventFd call, Runnable done) {
        endpoint.shard(index).setCall(slots.get(index), call, onConductor(done));
    }

    @Override
    public void setKick(int index, @Nullable EventFd kick, Runnable done) {
        endpoint.shard(index).setKick(slots.get(index), kick, onConductor(done));
    }

    @Override
    public void setErr(int index, @Nullable EventFd err, Runnable done) {
        endpoint.shard(index).setErr(slots.get(index), err, onConductor(done));
    }

    @Override
    public void replaceMemory(GuestMemory memory, boolean mappingsRemoved, Runnable done) {
        forEachStarted(
                (slot, oneDone) ->
                        endpoint.shard(slot.index()).remap(slot, memory, mappingsRemoved, oneDone),
                done);
    }

    @Override
    public void setQueueLogs(IntFunction<@Nullable QueueLog> logs, Runnable done) {
        forEachStarted(
                (slot, oneDone) ->
                        endpoint.shard(slot.index()).log(slot, logs.apply(slot.index()), oneDone),
                done);
    }

    @Override
    public void translate(int index, GuestMemory memory) {
        ifStarted(index, slot -> endpoint.shard(index).translate(slot, memory));
    }

    @Override
    public void invalidate(GuestMemory memory, long first, long last, Runnable done) {
        forEachStarted(
                (slot, oneDone) ->
                        endpoint.shard(slot.index()).invalidate(slot, memory, first, last, oneDone),
                done);
    }

    @Override
    public void denyAccess(int index) {
        ifStarted(index, slot -> endpoint.shard(index).denyAccess(slot));
    }

    private void ifStarted(int index, Consumer<QueueSlot> command) {
        final QueueSlot slot = slots.running(index);
        if (slot != null) {
            command.accept(slot);
        }
    }

    @Override
    public void post(Runnable task) {
        conductor.post(() -> resume(task));
    }

    @Override
    public void count(IotlbCounter counter) {
        endpoint.count(counter);
    }

    @Override
    public void translations(int entries) {
        endpoint.translations(entries);
    }

    @Override
    public void configWritten(Runnable done) {
        forEachStarted((slot, oneDone) -> endpoint.shard(slot.index()).settle(slot, oneDone), done);
    }

    /** Gives every started queue a command, and acknowledges when all of them have. */
    private void forEachStarted(BiConsumer<QueueSlot, Runnable> command, Runnable done) {
        final List<QueueSlot> running = slots.running();
        final Runnable oneDone = onConductor(Countdown.of(running.size(), done));
        running.forEach(slot -> command.accept(slot, oneDone));
    }

    @Override
    public void watchTransfer(int fd, boolean toWrite, Runnable ready) {
        transfer.begin(fd, toWrite, () -> resume(ready));
    }

    @Override
    public void unwatchTransfer() {
        transfer.end();
    }

    @Override
    public void makeFaultFd(Consumer<@Nullable Fd> done) {
        conductor.slowly(
                () -> {
                    final Fd made = endpoint.faultFds().get();
                    conductor.post(() -> faultFdMade(made, done));
                });
    }

    private void faultFdMade(@Nullable Fd made, Consumer<@Nullable Fd> done) {
        if (closing && made != null) {
            made.close();
        }
        resume(() -> done.accept(made));
    }

    @Override
    public void refused(String reason) {
        endpoint.count(SessionCounter.REFUSALS);
        endpoint.about("refusal").warn("front-end on " + endpoint.description() + ": " + reason);
    }

    @Override
    public void warn(String news) {
        endpoint.tell(news);
    }

    @Override
    public void deviceReset() {
        endpoint.device().reset();
    }

    /** A callback for a shard: continues the session on the conductor, then reads on. */
    private Runnable onConductor(Runnable done) {
        return () -> conductor.post(() -> resume(done));
    }

    // Once the connection closes the session hears of nothing any more: in the middle of a reset it
    // would go on to stop the next queue, which is being stopped already.
    private void resume(Runnable done) {
        if (closing) {
            return;
        }
        try {
            done.run();
        } catch (RuntimeException e) {
            failed(e);
        }
        freeze.advance();
        updateWatch();
    }

    void queueFaulted(int index, RingFault fault, @Nullable Throwable cause) {
        endpoint.ringFaulted(index, fault, cause);
        if (!closing) {
            session.queueFaulted(index);
        }
    }

    QueueSlots slots() {
        return slots;
    }

    VhostUserSession session() {
        return session;
    }

    private void failed(RuntimeException e) {
        endpoint.about("session")
                .error("session on " + endpoint.description() + " failed, please report this", e);
        close(SessionCounter.CLOSED_BY_BUG, e.toString());
    }

    Endpoint endpoint() {
        return endpoint;
    }
}
