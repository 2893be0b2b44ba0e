package dev.ringside.virtio.net;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.IoUring;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.device.Doorbell;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.ShardTask;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** A shard that a test turns by hand, on its own thread, with a clock that may be the test's. */
public final class TestShard implements ShardContext, AutoCloseable {
    private static final long PATIENCE_NS = 30_000_000_000L;
    private static final int BUDGET = 64;

    private final int index;
    private final IoUring ring;
    private final MetricsRegistry metrics = new MetricsRegistry();
    private final Map<Integer, IoUring.CompletionHandler> handlers = new HashMap<>();
    private final List<ShardTask> tasks = new ArrayList<>();
    private final AtomicInteger rings = new AtomicInteger();
    private int nextHandler = 7;
    private boolean manualClock;
    private long nowNs = System.nanoTime();
    private long wakeByNs = Long.MAX_VALUE;

    /** Shard 0. */
    public TestShard() throws LinuxException {
        this(0);
    }

    /** A shard of several. */
    public TestShard(int index) throws LinuxException {
        this.index = index;
        ring = IoUring.create(64);
    }

    /** From now on time stands still but for this. */
    public void setNowNs(long value) {
        manualClock = true;
        nowNs = value;
    }

    /** One duty cycle without queues: submits, gives completions to handlers, polls the tasks. */
    public int turn(long waitNs) {
        if (!manualClock) {
            nowNs = System.nanoTime();
        }
        wakeByNs = Long.MAX_VALUE;
        int result = waitNs > 0 ? ring.submitAndWait(1, waitNs) : ring.submit();
        if (result < 0) {
            throw new IllegalStateException("io_uring_enter answers " + result);
        }
        int work = ring.complete(this::route, Integer.MAX_VALUE);
        for (ShardTask task : List.copyOf(tasks)) {
            work += task.poll(BUDGET);
        }
        return work;
    }

    /** Gives a completion to whom it belongs. */
    public void route(long userData, int result, int flags) {
        IoUring.CompletionHandler handler = handlers.get((int) (userData >>> 32));
        if (handler == null) {
            throw new IllegalStateException("a completion for nobody: " + userData);
        }
        handler.onCompletion(userData, result, flags);
    }

    /** Turns, with {@code poll} once per turn, until something holds. */
    public void until(BooleanSupplier done, Runnable poll) {
        long deadlineNs = System.nanoTime() + PATIENCE_NS;
        while (true) {
            poll.run();
            turn(0);
            if (done.getAsBoolean()) {
                return;
            }
            if (System.nanoTime() - deadlineNs > 0) {
                throw new AssertionError("it did not happen within 30 s");
            }
            turn(1_000_000);
        }
    }

    /** The earliest time asked for since the turn began; {@link Long#MAX_VALUE}: none. */
    public long wakeByNs() {
        return wakeByNs;
    }

    /** Whether a task says that it has work: then the shard would not sleep. */
    public boolean hasWork() {
        return tasks.stream().anyMatch(ShardTask::hasWork);
    }

    /** How often its doorbell rang. */
    public int doorbellRings() {
        return rings.get();
    }

    /** How many handlers are registered. */
    public int handlers() {
        return handlers.size();
    }

    @Override
    public IoUring ring() {
        return ring;
    }

    @Override
    public int addCompletionHandler(IoUring.CompletionHandler handler) {
        handlers.put(nextHandler, handler);
        return nextHandler++;
    }

    @Override
    public void removeCompletionHandler(int id) {
        if (handlers.remove(id) == null) {
            throw new IllegalArgumentException("no handler " + id);
        }
    }

    @Override
    public long nowNs() {
        return nowNs;
    }

    @Override
    public long clock() {
        return manualClock ? nowNs : System.nanoTime();
    }

    @Override
    public int shardIndex() {
        return index;
    }

    @Override
    public MetricsRegistry metrics() {
        return metrics;
    }

    @Override
    public void wakeBy(long deadlineNs) {
        wakeByNs = Math.min(wakeByNs, deadlineNs);
    }

    @Override
    public Doorbell doorbell() {
        return rings::incrementAndGet;
    }

    @Override
    public void addTask(ShardTask task) {
        tasks.add(task);
    }

    @Override
    public void removeTask(ShardTask task) {
        tasks.remove(task);
    }

    @Override
    public void close() {
        ring.close();
    }
}
