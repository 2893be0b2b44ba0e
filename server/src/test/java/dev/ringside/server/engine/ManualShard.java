package dev.ringside.server.engine;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.IoUring;
import dev.ringside.vhostuser.QueueStart;
import dev.ringside.virtqueue.QueueCounter;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.Doorbell;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.ShardTask;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A shard without thread, clock or io_uring: a test gives it its turns, its kicks and its sleep.
 * The queues in it are the engine's own {@link QueueSlot}s. What fails in a turn is thrown.
 */
public final class ManualShard implements ShardContext {
    /** Hears of rings that stopped themselves. */
    @FunctionalInterface
    public interface Faults {
        /** As the engine's listener: the fault and what the device threw, if it did. */
        void onFault(int queue, String fault, @Nullable Throwable cause);
    }

    /** One started queue. */
    public static final class ManualQueue {
        private final QueueSlot slot;

        private ManualQueue(final QueueSlot slot) {
            this.slot = slot;
        }

        /** Whether a stop is on its way; to be asked and set by the conductor's side. */
        public boolean stopRequested() {
            return slot.stopRequested();
        }
    }

    private final int index;
    private final int budget;
    private final MetricsRegistry metrics;
    private final Deque<Runnable> commands = new ArrayDeque<>();
    private final List<QueueSlot> slots = new ArrayList<>();
    private long nowNs;
    private long wakeByNs = Long.MAX_VALUE;

    /** A shard that takes at most {@code budget} chains of a queue in a turn. */
    public ManualShard(final int index, final int budget, final MetricsRegistry metrics) {
        this.index = index;
        this.budget = budget;
        this.metrics = metrics;
    }

    /** A queue for {@link #addQueue}. */
    public static ManualQueue queue(
            final VirtioDevice device, final QueueStart start, final Faults faults) {
        return new ManualQueue(
                new QueueSlot(
                        device,
                        start,
                        false,
                        new Counters<>(QueueCounter.class),
                        new Listener(faults)));
    }

    private record Listener(Faults faults) implements QueueSlot.Listener {
        @Override
        public void onRingFault(
                final int index, final RingFault fault, final @Nullable Throwable cause) {
            faults.onFault(index, fault.toString(), cause);
        }

        @Override
        public void onMemoryVanished() {
            faults.onFault(-1, "memory vanished", null);
        }
    }

    /** Command: starts a queue. */
    public void addQueue(final ManualQueue queue, final Runnable done) {
        commands.add(
                () -> {
                    slots.add(queue.slot);
                    queue.slot.start(this, () -> {});
                    done.run();
                });
    }

    /** Command: drains a queue and hands it back. */
    public void stopQueue(final ManualQueue queue, final Consumer<Virtqueue> done) {
        queue.slot.requestStop();
        commands.add(
                () ->
                        queue.slot.stop(
                                ring -> {
                                    slots.remove(queue.slot);
                                    done.accept(ring);
                                }));
    }

    /** Command: enables a queue, or drains and disables it. */
    public void enableQueue(final ManualQueue queue, final boolean enabled, final Runnable done) {
        commands.add(() -> queue.slot.setEnabled(enabled, done));
    }

    /** Command: another call. */
    public void setCall(
            final ManualQueue queue, final @Nullable EventFd call, final Runnable done) {
        commands.add(
                () -> {
                    queue.slot.setCall(call);
                    done.run();
                });
    }

    /** Command: another kick. */
    public void setKick(
            final ManualQueue queue, final @Nullable EventFd kick, final Runnable done) {
        commands.add(
                () -> {
                    queue.slot.setKick(kick);
                    done.run();
                });
    }

    /** Command: another error signal. */
    public void setErr(final ManualQueue queue, final @Nullable EventFd err, final Runnable done) {
        commands.add(
                () -> {
                    queue.slot.setErr(err);
                    done.run();
                });
    }

    /** Command: other memory. */
    public void remap(
            final ManualQueue queue,
            final GuestMemory memory,
            final boolean mappingsRemoved,
            final Runnable done) {
        commands.add(() -> queue.slot.remap(memory, mappingsRemoved, done));
    }

    /** Command: another dirty log. */
    public void log(final ManualQueue queue, final @Nullable QueueLog log, final Runnable done) {
        commands.add(() -> queue.slot.log(log, done));
    }

    /** Command: finishes what was begun under the old configuration. */
    public void settle(final ManualQueue queue, final Runnable done) {
        commands.add(() -> queue.slot.settle(done));
    }

    /** One turn of the duty cycle, after the caller delivered completions: an amount of work. */
    public int turn(final long now) {
        nowNs = now;
        wakeByNs = Long.MAX_VALUE;
        int work = 0;
        final Runnable command = commands.poll();
        if (command != null) {
            command.run();
            work++;
        }
        for (final QueueSlot slot : List.copyOf(slots)) {
            work += slot.cycle(budget, 1);
        }
        return work;
    }

    /** Gives every queue the kicks that its eventfd holds; whether there was one. */
    public boolean deliverKicks() {
        boolean any = false;
        for (final QueueSlot slot : slots) {
            final EventFd kick = slot.kick();
            if (kick != null && kick.drain() > 0) {
                slot.kicked();
                any = true;
            }
        }
        return any;
    }

    /** Whether it may sleep now: until a kick, a command or a completion. */
    public boolean prepareToSleep() {
        boolean workFound = false;
        for (final QueueSlot slot : slots) {
            workFound |= slot.prepareToSleep();
        }
        return !workFound && commands.isEmpty();
    }

    /** Whether commands wait. */
    public boolean commanded() {
        return !commands.isEmpty();
    }

    @Override
    public IoUring ring() {
        throw new UnsupportedOperationException("there is no kernel here");
    }

    @Override
    public int addCompletionHandler(final IoUring.CompletionHandler handler) {
        throw new UnsupportedOperationException("there is no kernel here");
    }

    @Override
    public void removeCompletionHandler(final int id) {
        throw new UnsupportedOperationException("there is no kernel here");
    }

    @Override
    public long nowNs() {
        return nowNs;
    }

    @Override
    public long clock() {
        return nowNs;
    }

    @Override
    public int shardIndex() {
        return index;
    }

    @Override
    public void wakeBy(final long deadlineNs) {
        wakeByNs = Math.min(wakeByNs, deadlineNs);
    }

    /** Whether it wanted to be woken by now. */
    public boolean due(final long now) {
        return now >= wakeByNs;
    }

    @Override
    public Doorbell doorbell() {
        return () -> {};
    }

    @Override
    public void addTask(final ShardTask task) {
        throw new UnsupportedOperationException("no disk has tasks");
    }

    @Override
    public void removeTask(final ShardTask task) {
        throw new UnsupportedOperationException("no disk has tasks");
    }

    @Override
    public MetricsRegistry metrics() {
        return metrics;
    }
}
