package dev.ringside.virtqueue.device;

/**
 * Something besides queues that a shard polls: a host interface that belongs to no device. Confined
 * to its shard's thread; no method blocks or allocates.
 */
public interface ShardTask {
    /**
     * Does what there is to do.
     *
     * @param budget the most things to do in one turn
     * @return how many were done: 0 is an idle turn
     */
    int poll(int budget);

    /** As {@link QueueWorker#hasWork}. */
    default boolean hasWork() {
        return false;
    }
}
