package dev.ringside.server.sim;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.ManualShard;
import dev.ringside.server.engine.ManualShard.ManualQueue;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.vhostuser.Countdown;
import dev.ringside.vhostuser.ProtocolException;
import dev.ringside.vhostuser.QueueStart;
import dev.ringside.vhostuser.SessionHost;
import dev.ringside.vhostuser.SessionLimits;
import dev.ringside.vhostuser.VhostUserSession;
import dev.ringside.virtio.blk.BlkConfig;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.ErrorPolicy;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.Limit;
import dev.ringside.virtio.blk.limit.LimitGroup;
import dev.ringside.virtio.blk.limit.LimitKind;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One process that serves the disk: the real device, session and queues; conductor and shards that
 * are turned by hand. It does what the engine's connection does, in as many steps.
 */
final class SimProcess implements SessionHost {
    /** What the session sent. */
    @SuppressWarnings("ArrayRecordComponent")
    record Reply(byte[] message, List<Fd> fds) {}

    private static final long STEP_NS = 1_000_000;

    private final SimDisk disk;
    private final BlkDevice device;
    private final ManualShard[] shards;
    private final boolean[] asleep;
    private final @Nullable ManualQueue[] queues;
    private final Deque<Runnable> conductor = new ArrayDeque<>();
    private final Deque<Reply> replies = new ArrayDeque<>();
    private @Nullable VhostUserSession session;
    private boolean closing;
    private int stopping;

    SimProcess(final SimDisk disk, final WorldSpec spec, final long now) {
        final int queueCount = spec.queues();
        final int shardCount = spec.shards();
        this.disk = disk;
        final MetricsRegistry metrics = new MetricsRegistry();
        final BlkConfig config =
                BlkConfig.named("sim")
                        .withQueues(queueCount)
                        .withMaxQueueSize(256)
                        .withWriteCache(spec.flush())
                        .withOnError(spec.holds() ? ErrorPolicy.HOLD : ErrorPolicy.REPORT);
        final BlkLimits limits = new BlkLimits(Map.of(LimitKind.IOPS, new Limit(spec.iops(), 0)));
        final LimitGroup group = new LimitGroup(limits, () -> now * STEP_NS);
        device = BlkDevice.create(config, disk.open(), metrics, List.of(group));
        shards =
                IntStream.range(0, shardCount)
                        .mapToObj(i -> new ManualShard(i, spec.budget(), metrics))
                        .toArray(ManualShard[]::new);
        asleep = new boolean[shardCount];
        queues = new ManualQueue[queueCount];
    }

    /** Whether a front-end is connected and the connection is not being closed. */
    boolean connected() {
        return session != null && !closing;
    }

    /** Whether a front-end may connect. */
    boolean listening() {
        return session == null;
    }

    void connect() {
        session = new VhostUserSession(device, this, SessionLimits.defaults());
        closing = false;
    }

    /** Whether the next message would be read. */
    boolean reads() {
        final VhostUserSession current = session;
        return current != null && !closing && current.idle();
    }

    /** Bytes arrive; the descriptors come with the first of them. */
    void receive(final byte[] bytes, final List<Fd> fds) {
        final VhostUserSession current = session;
        if (current == null) {
            throw new IllegalStateException("nobody is connected");
        }
        final MemorySegment all = MemorySegment.ofArray(bytes);
        final ReceivedFds received = ReceivedFds.of(fds);
        int at = 0;
        while (at < bytes.length) {
            final int n = Math.min(current.wanted(), bytes.length - at);
            try {
                current.onData(all.asSlice(at, n), received);
            } catch (final ProtocolException e) {
                throw new SimFailure("the session ended: " + e.getMessage());
            }
            at += n;
        }
    }

    /** The oldest reply that was not taken yet. */
    @Nullable Reply takeReply() {
        return replies.poll();
    }

    int shardCount() {
        return shards.length;
    }

    /** One turn of a shard, with the completions that the disk has for it. */
    void turn(final int shard, final long now) {
        final ManualShard own = shards[shard];
        final int delivered = disk.deliver(shard);
        if (asleep[shard]) {
            if (delivered == 0
                    && !own.commanded()
                    && !own.due(now * STEP_NS)
                    && !own.deliverKicks()) {
                return;
            }
            asleep[shard] = false;
        } else if ((now & 3) == 0) {
            own.deliverKicks();
        }
        final int work = own.turn(now * STEP_NS);
        if (work == 0 && delivered == 0) {
            asleep[shard] = own.prepareToSleep();
        }
    }

    /** The conductor does the next thing that a shard asked it for. */
    boolean conduct() {
        final Runnable next = conductor.poll();
        if (next != null) {
            next.run();
        }
        return next != null;
    }

    /** Hangs up as the engine does: drains all queues, then closes the session. */
    void disconnect() {
        closing = true;
        for (int i = 0; i < queues.length; i++) {
            final ManualQueue queue = queues[i];
            if (queue != null && !queue.stopRequested()) {
                stop(i, queue, ring -> {});
            }
        }
        finishClose();
    }

    private void finishClose() {
        final VhostUserSession current = session;
        if (closing && stopping == 0 && current != null) {
            current.close();
            session = null;
            device.reset();
            dropReplies();
        }
    }

    /** Dies at once; whoever holds it must forget it. */
    void die() {
        disk.processDied();
        final VhostUserSession current = session;
        if (current != null) {
            // What the kernel does: descriptors and mappings go, and nothing is written any more.
            current.close();
        }
        conductor.clear();
        dropReplies();
    }

    private void dropReplies() {
        replies.forEach(reply -> reply.fds().forEach(Fd::close));
        replies.clear();
    }

    private Runnable onConductor(final Runnable done) {
        return () -> conductor.add(() -> resume(done));
    }

    private void resume(final Runnable done) {
        if (!closing) {
            done.run();
        }
    }

    private ManualShard shardOf(final int queue) {
        return shards[queue % shards.length];
    }

    private ManualQueue queue(final int index) {
        final ManualQueue queue = queues[index];
        if (queue == null) {
            throw new SimFailure("the session speaks of queue " + index + ", which is stopped");
        }
        return queue;
    }

    @Override
    public void send(final byte[] message, final List<Fd> fds) {
        replies.add(new Reply(message, fds));
    }

    @Override
    public void sendBackendRequest(final byte[] message) {
        throw new SimFailure("there is no back-end channel");
    }

    @Override
    public void setBackendChannel(final @Nullable Fd fd) {
        throw new SimFailure("nobody gave a back-end channel");
    }

    @Override
    public void startQueue(final QueueStart start, final Runnable done) {
        final int index = start.queue().index();
        final ManualQueue queue =
                ManualShard.queue(
                        device,
                        start,
                        (which, fault, cause) -> {
                            throw new SimFailure("queue " + which + " stopped: " + fault, cause);
                        });
        queues[index] = queue;
        shardOf(index).addQueue(queue, onConductor(done));
    }

    @Override
    public void stopQueue(final int index, final Consumer<Virtqueue> done) {
        stop(index, queue(index), done);
    }

    private void stop(final int index, final ManualQueue queue, final Consumer<Virtqueue> done) {
        stopping++;
        shardOf(index)
                .stopQueue(
                        queue,
                        ring ->
                                conductor.add(
                                        () -> {
                                            queues[index] = null;
                                            stopping--;
                                            resume(() -> done.accept(ring));
                                            finishClose();
                                        }));
    }

    @Override
    public void enableQueue(final int index, final boolean enabled, final Runnable done) {
        shardOf(index).enableQueue(queue(index), enabled, onConductor(done));
    }

    @Override
    public void setCall(final int index, final @Nullable EventFd call, final Runnable done) {
        shardOf(index).setCall(queue(index), call, onConductor(done));
    }

    @Override
    public void setKick(final int index, final @Nullable EventFd kick, final Runnable done) {
        shardOf(index).setKick(queue(index), kick, onConductor(done));
    }

    @Override
    public void setErr(final int index, final @Nullable EventFd err, final Runnable done) {
        shardOf(index).setErr(queue(index), err, onConductor(done));
    }

    @Override
    public void replaceMemory(
            final GuestMemory memory, final boolean mappingsRemoved, final Runnable done) {
        forEachStarted(
                (queue, oneDone) ->
                        shardOf(indexOf(queue)).remap(queue, memory, mappingsRemoved, oneDone),
                done);
    }

    @Override
    public void setQueueLogs(final IntFunction<@Nullable QueueLog> logs, final Runnable done) {
        forEachStarted(
                (queue, oneDone) -> {
                    final int index = indexOf(queue);
                    shardOf(index).log(queue, logs.apply(index), oneDone);
                },
                done);
    }

    @Override
    public void translate(final int index, final GuestMemory memory) {
        throw new UnsupportedOperationException("the simulated front-end has no IOMMU");
    }

    @Override
    public void invalidate(
            final GuestMemory memory, final long first, final long last, final Runnable done) {
        throw new UnsupportedOperationException("the simulated front-end has no IOMMU");
    }

    @Override
    public void denyAccess(final int index) {
        throw new UnsupportedOperationException("the simulated front-end has no IOMMU");
    }

    @Override
    public void post(final Runnable task) {
        conductor.add(task);
    }

    @Override
    public void configWritten(final Runnable done) {
        forEachStarted((queue, oneDone) -> shardOf(indexOf(queue)).settle(queue, oneDone), done);
    }

    private int indexOf(final ManualQueue queue) {
        return Arrays.asList(queues).indexOf(queue);
    }

    private void forEachStarted(
            final BiConsumer<ManualQueue, Runnable> command, final Runnable done) {
        final List<ManualQueue> started = new ArrayList<>();
        for (final ManualQueue queue : queues) {
            if (queue != null && !queue.stopRequested()) {
                started.add(queue);
            }
        }
        final Runnable oneDone = onConductor(Countdown.of(started.size(), done));
        started.forEach(queue -> command.accept(queue, oneDone));
    }

    @Override
    public void refused(final String reason) {
        throw new SimFailure("refused: " + reason);
    }

    @Override
    public void watchTransfer(final int fd, final boolean toWrite, final Runnable ready) {
        throw new SimFailure("nobody transfers the device's state");
    }

    @Override
    public void unwatchTransfer() {}

    @Override
    public void makeFaultFd(final Consumer<@Nullable Fd> done) {
        throw new SimFailure("nobody migrates by postcopy");
    }

    @Override
    public void deviceReset() {
        device.reset();
    }
}
