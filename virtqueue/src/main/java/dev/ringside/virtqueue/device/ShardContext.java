package dev.ringside.virtqueue.device;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.IoUring;

/**
 * What a shard lends to its workers. On the shard's thread only.
 *
 * <p>Every submission to {@link #ring()} carries {@code (handlerId << 32) | token} as its user
 * data: the shard finds the handler by the upper half, and the handler receives the whole value.
 */
public interface ShardContext {
    /** The shard's io_uring. The shard submits it once per duty cycle and reaps it. */
    IoUring ring();

    /**
     * Registers a receiver of completions.
     *
     * @return its handler id: the upper half of the user data of what it submits
     */
    int addCompletionHandler(IoUring.CompletionHandler handler);

    /**
     * Forgets a receiver. It must have no submission in flight. The id may be given out again.
     *
     * @throws IllegalArgumentException when no handler has this id
     */
    void removeCompletionHandler(int id);

    /** The time in nanoseconds at the start of this duty cycle: a field, not a clock read. */
    long nowNs();

    /** A fresh {@link System#nanoTime()}. */
    long clock();

    /** Which shard this is, from 0. */
    int shardIndex();

    /** From what duration on, in nanoseconds, a request is to be told of as slow. */
    default long slowRequestNs() {
        return Long.MAX_VALUE;
    }

    /**
     * Tells of a request that took {@link #slowRequestNs} or longer. Allocates only while somebody
     * records such events.
     *
     * @param device the device's name
     * @param queue index of the queue
     * @param operation such as {@code read}
     * @param sector where it began; 0 when it has no place
     * @param bytes how many it moved
     * @param durationNs from the ring and back
     */
    default void slowRequest(
            String device, int queue, String operation, long sector, long bytes, long durationNs) {}

    /**
     * Keeps the shard from sleeping beyond a time. Holds for this duty cycle: call it in each
     * {@code poll} as long as it is wanted.
     *
     * @param deadlineNs on the scale of {@link #nowNs()}
     */
    void wakeBy(long deadlineNs);

    /** Wakes this shard from any thread. */
    Doorbell doorbell();

    /** Has a task polled in each duty cycle, after the queues, from the next one on. */
    void addTask(ShardTask task);

    /** Does not poll the task any more. Does nothing when it was not added. */
    void removeTask(ShardTask task);

    /** Where workers register their counters. Registering is control path, not for {@code poll}. */
    MetricsRegistry metrics();
}
