package dev.ringside.virtio.blk.backend;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.IoUring;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.device.Doorbell;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.ShardTask;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/** A shard that a test turns by hand, on its own thread. */
public final class TestShard implements ShardContext, AutoCloseable {
    private static final long PATIENCE_NS = 30_000_000_000L;
    private static final Map<IoUring, TestShard> SHARDS = new ConcurrentHashMap<>();

    private final IoUring ring;
    private final MetricsRegistry metrics = new MetricsRegistry();
    private final Map<Integer, IoUring.CompletionHandler> handlers = new HashMap<>();
    private final Map<Long, Integer> forced = new HashMap<>();
    private int nextHandler = 7;
    private long nowNs = System.nanoTime();
    private boolean clockStopped;
    private long wakeByNs = Long.MAX_VALUE;
    private int rings;

    /** With a ring of so many entries: a small one makes it full. */
    public TestShard(int entries) throws LinuxException {
        ring = IoUring.create(entries);
        SHARDS.put(ring, this);
    }

    /** The shard that a ring belongs to. */
    static TestShard of(IoUring ring) {
        return Objects.requireNonNull(SHARDS.get(ring));
    }

    /** The next completion with this user data gets another result. */
    void force(long userData, int result) {
        forced.put(userData, result);
    }

    /** Submits what is queued, then gives what completed to its handlers. */
    public int turn(long waitNs) {
        nowNs = clock();
        wakeByNs = Long.MAX_VALUE;
        int result = waitNs > 0 ? ring.submitAndWait(1, waitNs) : ring.submit();
        if (result < 0) {
            throw new IllegalStateException("io_uring_enter answers " + result);
        }
        return ring.complete(this::route, Integer.MAX_VALUE);
    }

    private void route(long userData, int result, int flags) {
        IoUring.CompletionHandler handler = handlers.get((int) (userData >>> 32));
        if (handler == null) {
            throw new IllegalStateException("a completion for nobody: " + userData);
        }
        Integer instead = forced.remove(userData);
        handler.onCompletion(userData, instead == null ? result : instead, flags);
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
        return clockStopped ? nowNs : System.nanoTime();
    }

    /** From now on time passes only by {@link #advance}. */
    public void stopClock() {
        clockStopped = true;
    }

    /** Lets time pass; the next turn sees it. */
    public void advance(long ns) {
        nowNs += ns;
    }

    /** When the worker wants to be polled again at the latest, from now on; negative: never. */
    public long wakeInNs() {
        return wakeByNs == Long.MAX_VALUE ? -1 : Math.max(0, wakeByNs - nowNs);
    }

    /** How often it was woken from outside. */
    public int rings() {
        return rings;
    }

    @Override
    public void wakeBy(long deadlineNs) {
        wakeByNs = Math.min(wakeByNs, deadlineNs);
    }

    @Override
    public Doorbell doorbell() {
        return () -> rings++;
    }

    @Override
    public void addTask(ShardTask task) {
        throw new UnsupportedOperationException("no disk has tasks");
    }

    @Override
    public void removeTask(ShardTask task) {
        throw new UnsupportedOperationException("no disk has tasks");
    }

    @Override
    public int shardIndex() {
        return 0;
    }

    @Override
    public MetricsRegistry metrics() {
        return metrics;
    }

    @Override
    public void close() {
        SHARDS.remove(ring);
        ring.close();
    }
}
