package dev.ringside.server.engine;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.CpuAffinity;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.IoUring;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.device.Doorbell;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.ShardTask;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One polling thread's state and duty cycle: it owns its queue workers, one io_uring and one
 * mailbox, and sleeps in nothing but the io_uring. {@link #doWork} is one cycle and may be run by
 * hand on the thread that made the shard. Everything but {@link #mailbox} is confined to that
 * thread.
 */
final class Shard implements ShardContext, AutoCloseable {
    private static final int COMPLETIONS_PER_CYCLE = 256;

    /** Idle cycles between two looks at the memory of queues that have nothing to do. */
    private static final int MEMORY_CHECK_CYCLES = 4096;

    /**
     * While other devices have work too, so many chains of a queue are taken at once. Its driver
     * has the others' turns for the answers; and a turn costs what it costs because its queue has
     * left the nearest caches since the last one.
     */
    static final int LEAST_AMONG_OTHERS = 32;

    /**
     * While others have work, a quiet device has its turn in one of so many cycles. Those are
     * shorter for it: 99 disks that are looked at in vain took three quarters of a busy one's rate.
     */
    static final int QUIET_EVERY = 8;

    private static final long NEVER = Long.MAX_VALUE;

    private final int index;
    private final EngineConfig config;
    private final MetricsRegistry metrics;
    private final Mailbox mailbox;
    private final Counters<ShardCounter> counters = new Counters<>(ShardCounter.class);
    private final IoUring ring;
    private final WakeUps wakeUps;
    private final IdlePolicy idlePolicy;
    private final IoUring.CompletionHandler router = this::routeCompletion;

    private QueueSlot[] slots = new QueueSlot[0];
    private DeviceShare[] shares = new DeviceShare[0];
    private int firstShare;

    /** Devices that had work in the last cycle. */
    private int busyDevices;

    private int turns;

    private ShardTask[] tasks = new ShardTask[0];
    private long wakeByNs = NEVER;
    private IoUring.@Nullable CompletionHandler[] handlers = new IoUring.CompletionHandler[8];
    private long nowNs = System.nanoTime();
    private long turnBeganNs = nowNs;
    private ShardCounter turnKind = ShardCounter.AWAKE_IDLE;
    private int idleCycles;

    /** On the thread that will run it: the io_uring belongs to its maker. */
    Shard(int index, EngineConfig config, Mailbox mailbox, MetricsRegistry metrics)
            throws LinuxException {
        this.index = index;
        this.config = config;
        this.mailbox = mailbox;
        this.metrics = metrics;
        if (!config.cpus().isEmpty()) {
            CpuAffinity.pinCurrentThread(config.cpus().get(index % config.cpus().size()));
        }
        ring = IoUring.create(config.ringEntries());
        wakeUps = new WakeUps(ring, addCompletionHandler(this::onWakeUp));
        wakeUps.watch(mailbox.wakeFd(), () -> {});
        idlePolicy = new IdlePolicy(config.idle(), config.maxSpinNs());
        metrics.register(Map.of("shard", Integer.toString(index)), counters);
    }

    /** One duty cycle. Returns an amount of work; 0 is an idle cycle. */
    int doWork() {
        nowNs = System.nanoTime();
        endTurn();
        wakeByNs = NEVER;
        int work = 0;
        final Runnable command = mailbox.poll();
        if (command != null) {
            command.run();
            work++;
        }
        work += ring.complete(router, COMPLETIONS_PER_CYCLE);
        work += turnOfDevices();
        final ShardTask[] currentTasks = tasks;
        for (final ShardTask task : currentTasks) {
            work += turn(task);
        }
        // What was submitted counts as work: whatever waits for room in the ring gets its turn
        // before the shard may sleep.
        return work + Math.max(0, ring.submit());
    }

    /** The turn before this one has ended, in work or in spinning. */
    private void endTurn() {
        final long tookNs = nowNs - turnBeganNs;
        turnBeganNs = nowNs;
        counters.add(turnKind, tookNs);
        if (tookNs >= config.slow().turnNs()) {
            counters.increment(ShardCounter.STALLS);
            Recording.stalled(index, tookNs, slots.length);
        }
    }

    /**
     * Another device comes first in each cycle: room in the io_uring goes round. When there was no
     * work in it, but not all had their turn, it is not an idle one.
     */
    private int turnOfDevices() {
        final DeviceShare[] current = shares;
        final boolean alone = current.length == 1;
        final boolean othersWork = busyDevices > 0;
        turns++;
        final int least = busyDevices > 1 ? LEAST_AMONG_OTHERS : 1;
        int at = firstShare < current.length ? firstShare : 0;
        firstShare = at + 1;
        int work = 0;
        int busy = 0;
        boolean leftOut = false;
        for (int i = 0; i < current.length; i++) {
            if (othersWork && current[at].isQuiet() && (at + turns) % QUIET_EVERY != 0) {
                leftOut = true;
            } else {
                final int done = current[at].turn(alone, least);
                work += done;
                busy += done > 0 ? 1 : 0;
            }
            at = at + 1 == current.length ? 0 : at + 1;
        }
        busyDevices = busy;
        return work == 0 && leftOut ? 1 : work;
    }

    private int turn(ShardTask task) {
        try {
            return task.poll(config.budget());
        } catch (Throwable failure) {
            removeTask(task);
            throw failure;
        }
    }

    /** After each cycle: spins or sleeps as the idle policy says. */
    void idle(int work) {
        if (work > 0) {
            counters.increment(ShardCounter.CYCLES_BUSY);
            turnKind = ShardCounter.AWAKE_BUSY;
            idlePolicy.worked();
            return;
        }
        counters.increment(ShardCounter.CYCLES_IDLE);
        turnKind = ShardCounter.AWAKE_IDLE;
        if (idlePolicy.shouldSleep(nowNs)) {
            sleep();
            return;
        }
        if (++idleCycles % MEMORY_CHECK_CYCLES == 0) {
            for (final QueueSlot slot : slots) {
                slot.checkMemory();
            }
        }
        Thread.onSpinWait();
    }

    private void sleep() {
        boolean workFound = false;
        for (final QueueSlot slot : slots) {
            workFound |= slot.prepareToSleep();
        }
        if (!workFound && mailbox.prepareToSleep() && !handedOver()) {
            counters.increment(ShardCounter.SLEEPS);
            final long sleptAtNs = System.nanoTime();
            counters.add(ShardCounter.AWAKE_IDLE, sleptAtNs - turnBeganNs);
            ring.submitAndWait(1, wakeByNs == NEVER ? -1 : Math.max(0, wakeByNs - sleptAtNs));
            turnBeganNs = System.nanoTime();
            idlePolicy.slept(turnBeganNs - sleptAtNs);
        }
        mailbox.awake();
    }

    /** Whether other threads left something for a worker or task; after sleep was announced. */
    private boolean handedOver() {
        for (final QueueSlot slot : slots) {
            if (slot.hasWork()) {
                return true;
            }
        }
        for (final ShardTask task : tasks) {
            if (task.hasWork()) {
                return true;
            }
        }
        return false;
    }

    private void onWakeUp(long userData, int result, int flags) {
        wakeUps.onCompletion((int) userData, result, flags);
    }

    private void routeCompletion(long userData, int result, int flags) {
        final IoUring.CompletionHandler handler = handlers[(int) (userData >>> 32)];
        if (handler != null) {
            handler.onCompletion(userData, result, flags);
        }
    }

    void add(QueueSlot slot) {
        slots = Arrays.copyOf(slots, slots.length + 1);
        slots[slots.length - 1] = slot;
        shareOf(slot.device()).add(slot);
        watchKick(slot);
        slot.start(this, this::failed);
    }

    void remove(QueueSlot slot) {
        wakeUps.forget(slot.watch);
        slots = Arrays.stream(slots).filter(other -> other != slot).toArray(QueueSlot[]::new);
        shareOf(slot.device()).remove(slot);
        shares =
                Arrays.stream(shares).filter(share -> !share.isEmpty()).toArray(DeviceShare[]::new);
    }

    private DeviceShare shareOf(VirtioDevice device) {
        for (final DeviceShare share : shares) {
            if (share.device == device) {
                return share;
            }
        }
        final DeviceShare share = new DeviceShare(device, config, System::nanoTime, counters);
        shares = Arrays.copyOf(shares, shares.length + 1);
        shares[shares.length - 1] = share;
        return share;
    }

    void replaceKick(QueueSlot slot, @Nullable EventFd kick) {
        wakeUps.forget(slot.watch);
        slot.setKick(kick);
        watchKick(slot);
    }

    private void watchKick(QueueSlot slot) {
        final EventFd kick = slot.kick();
        slot.watch = kick == null ? WakeUps.NONE : wakeUps.watch(kick.number(), slot::kicked);
    }

    @Override
    public IoUring ring() {
        return ring;
    }

    @Override
    public int addCompletionHandler(IoUring.CompletionHandler handler) {
        int free = 0;
        while (free < handlers.length && handlers[free] != null) {
            free++;
        }
        if (free == handlers.length) {
            handlers = Arrays.copyOf(handlers, handlers.length * 2);
        }
        handlers[free] = handler;
        return free;
    }

    @Override
    public void removeCompletionHandler(int id) {
        handlers[id] = null;
    }

    @Override
    public long nowNs() {
        return nowNs;
    }

    @Override
    public long clock() {
        return System.nanoTime();
    }

    @Override
    public long slowRequestNs() {
        return config.slow().requestNs();
    }

    @Override
    public void slowRequest(
            String device, int queue, String operation, long sector, long bytes, long durationNs) {
        Recording.slowRequest(index, device, queue, operation, sector, bytes, durationNs);
    }

    @Override
    public void wakeBy(long deadlineNs) {
        wakeByNs = Math.min(wakeByNs, deadlineNs);
    }

    @Override
    public Doorbell doorbell() {
        return mailbox;
    }

    @Override
    public void addTask(ShardTask task) {
        tasks = Arrays.copyOf(tasks, tasks.length + 1);
        tasks[tasks.length - 1] = task;
    }

    @Override
    public void removeTask(ShardTask task) {
        tasks = Arrays.stream(tasks).filter(other -> other != task).toArray(ShardTask[]::new);
    }

    @Override
    public int shardIndex() {
        return index;
    }

    @Override
    public MetricsRegistry metrics() {
        return metrics;
    }

    /** Counts a failure outside its queue's turn, or outside any. */
    void failed() {
        counters.increment(ShardCounter.FAILURES);
    }

    @Override
    public void close() {
        ring.close();
    }
}
