package dev.ringside.bench;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.IoUring;
import dev.ringside.virtqueue.device.Doorbell;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.ShardTask;

/** A shard for workers that need none of what it can do. */
public final class BenchShard implements ShardContext {
    private final MetricsRegistry metrics = new MetricsRegistry();

    @Override
    public IoUring ring() {
        throw new UnsupportedOperationException("no host I/O in this benchmark");
    }

    @Override
    public int addCompletionHandler(IoUring.CompletionHandler handler) {
        throw new UnsupportedOperationException("no host I/O in this benchmark");
    }

    @Override
    public void removeCompletionHandler(int id) {}

    @Override
    public long nowNs() {
        return 1;
    }

    @Override
    public long clock() {
        return System.nanoTime();
    }

    @Override
    public int shardIndex() {
        return 0;
    }

    @Override
    public void wakeBy(long deadlineNs) {}

    @Override
    public Doorbell doorbell() {
        return () -> {};
    }

    @Override
    public void addTask(ShardTask task) {}

    @Override
    public void removeTask(ShardTask task) {}

    @Override
    public MetricsRegistry metrics() {
        return metrics;
    }
}
