package dev.ringside.bench;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.IoUring;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.Doorbell;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.ShardTask;

/** A shard for workers that need none of what it can do. */
public final class BenchShard implements ShardContext {
    private final MetricsRegistry metrics = new MetricsRegistry();

    /** What a shard does after each poll; answers how many chains the driver was shown. */
    public static int publish(QueueWorker worker) {
        Virtqueue queue = worker.queue();
        int count = queue.unpublished();
        if (count > 0) {
            queue.publish();
        }
        worker.afterPublish();
        return count;
    }

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
