package dev.ringside.virtqueue.device;

/**
 * Wakes a shard. Whoever hands something over to a shard without a command puts it where the shard
 * will find it, and then rings: one of the two sees the other.
 */
@FunctionalInterface
public interface Doorbell {
    /**
     * Wakes the shard if it sleeps or is about to. Any thread; costs a fence, and a syscall only
     * when it sleeps.
     */
    void ring();
}
