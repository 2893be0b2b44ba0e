package dev.ringside.server.engine;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.log.Log;
import dev.ringside.shm.CpuAffinity;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.IoUring;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.device.ShardContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One polling thread's state and duty cycle: it owns its queue workers, one io_uring, one epoll and
 * one mailbox. {@link #doWork} is one cycle and may be run by hand on the thread that made the
 * shard. Everything but {@link #mailbox} is confined to that thread.
 */
final class Shard implements ShardContext, AutoCloseable {
    private static final int COMPLETIONS_PER_CYCLE = 256;
    private static final int RING_TOKEN = 0;
    private static final int MAILBOX_TOKEN = 1;
    private static final int FIRST_KICK_TOKEN = 2;

    private final int index;
    private final EngineConfig config;
    private final MetricsRegistry metrics;
    private final Mailbox mailbox;
    private final Counters<ShardCounter> counters = new Counters<>(ShardCounter.class);
    private final IoUring ring;
    private final Epoll epoll;
    private final IdlePolicy idlePolicy;
    private final IoUring.CompletionHandler router = this::routeCompletion;

    private QueueSlot[] slots = new QueueSlot[0];
    private final List<@Nullable QueueSlot> kickTokens = new ArrayList<>();
    private IoUring.@Nullable CompletionHandler[] handlers = new IoUring.CompletionHandler[8];
    private long nowNs = System.nanoTime();

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
        epoll = Epoll.create();
        epoll.add(ring.fd().number(), Epoll.IN, RING_TOKEN);
        epoll.add(mailbox.wakeFd(), Epoll.IN, MAILBOX_TOKEN);
        idlePolicy = new IdlePolicy(config.idle(), config.maxSpinNs());
        metrics.register(Map.of("shard", Integer.toString(index)), counters);
    }

    /** One duty cycle. Returns an amount of work; 0 is an idle cycle. */
    int doWork() {
        nowNs = System.nanoTime();
        int work = 0;
        final Runnable command = mailbox.poll();
        if (command != null) {
            command.run();
            work++;
        }
        work += ring.complete(router, COMPLETIONS_PER_CYCLE);
        final QueueSlot[] current = slots;
        for (final QueueSlot slot : current) {
            work += turn(slot);
        }
        ring.submit();
        return work;
    }

    private int turn(QueueSlot slot) {
        try {
            return slot.cycle(config.budget());
        } catch (Throwable failure) {
            counters.increment(ShardCounter.FAILURES);
            slot.fail(failure);
            return 1;
        }
    }

    /** After each cycle: spins or sleeps as the idle policy says. */
    void idle(int work) throws LinuxException {
        if (work > 0) {
            counters.increment(ShardCounter.CYCLES_BUSY);
            idlePolicy.worked();
            return;
        }
        counters.increment(ShardCounter.CYCLES_IDLE);
        if (idlePolicy.shouldSleep(nowNs)) {
            sleep();
        } else {
            Thread.onSpinWait();
        }
    }

    private void sleep() throws LinuxException {
        boolean workFound = false;
        for (final QueueSlot slot : slots) {
            workFound |= slot.prepareToSleep();
        }
        if (!workFound && mailbox.prepareToSleep()) {
            counters.increment(ShardCounter.SLEEPS);
            final long sleptAtNs = System.nanoTime();
            final int ready = epoll.await(-1);
            idlePolicy.slept(System.nanoTime() - sleptAtNs);
            for (int i = 0; i < ready; i++) {
                onReady(epoll.token(i));
            }
        }
        mailbox.awake();
    }

    private void onReady(long token) {
        if (token == MAILBOX_TOKEN) {
            mailbox.drainWake();
        } else if (token >= FIRST_KICK_TOKEN) {
            final QueueSlot slot = kickTokens.get((int) token - FIRST_KICK_TOKEN);
            if (slot != null) {
                slot.kicked();
            }
        }
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
        watchKick(slot);
        slot.start(this);
    }

    void remove(QueueSlot slot) {
        unwatchKick(slot);
        slots = Arrays.stream(slots).filter(other -> other != slot).toArray(QueueSlot[]::new);
    }

    void replaceKick(QueueSlot slot, @Nullable EventFd kick) {
        unwatchKick(slot);
        slot.setKick(kick);
        watchKick(slot);
    }

    // Edge-triggered: a kick needs no read, and an eventfd that is already readable reports once,
    // so a kick from before the ring was watched is seen too.
    private void watchKick(QueueSlot slot) {
        final EventFd kick = slot.kick();
        if (kick == null) {
            return;
        }
        int free = kickTokens.indexOf(null);
        if (free < 0) {
            free = kickTokens.size();
            kickTokens.add(slot);
        } else {
            kickTokens.set(free, slot);
        }
        try {
            epoll.add(kick.number(), Epoll.IN | Epoll.ET, (long) free + FIRST_KICK_TOKEN);
        } catch (LinuxException e) {
            kickTokens.set(free, null);
            slot.fail(e);
        }
    }

    private void unwatchKick(QueueSlot slot) {
        final int token = kickTokens.indexOf(slot);
        final EventFd kick = slot.kick();
        if (token < 0 || kick == null) {
            return;
        }
        kickTokens.set(token, null);
        try {
            epoll.remove(kick.number());
        } catch (LinuxException e) {
            Log.warn("shard-unwatch", "shard " + index + ": " + e.getMessage());
        }
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
    public int shardIndex() {
        return index;
    }

    @Override
    public MetricsRegistry metrics() {
        return metrics;
    }

    /** Counts a failure outside any queue's turn. */
    void failed() {
        counters.increment(ShardCounter.FAILURES);
    }

    @Override
    public void close() {
        epoll.close();
        ring.close();
    }
}
