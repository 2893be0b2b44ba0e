package dev.ringside.virtqueue.device;

import dev.ringside.shm.GuestMemory;
import dev.ringside.virtqueue.Virtqueue;

/**
 * Serves one queue. Confined to its shard's thread; no method blocks, and {@link #poll} does not
 * allocate.
 */
public interface QueueWorker {
    /**
     * Takes chains from the queue and starts their work; completes what is done at once. Work done
     * later is completed in the worker's completion handler. Does not publish.
     *
     * @param budget the most chains to take; 0: take none, only go on with work that had to wait
     * @return how many were taken; zero while draining
     */
    int poll(int budget);

    /**
     * What was completed before has been published: now is the time for what the driver need not
     * wait for, such as counting. Called after every {@link #poll} and before the shard sleeps,
     * also when nothing was published.
     */
    default void afterPublish() {}

    /**
     * How to publish at once what another queue's worker had completed here. Only for workers that
     * complete chains outside {@link #poll}; called once, before the first one.
     *
     * @param publish publishes and calls the driver; does nothing when nothing was completed. Does
     *     not throw. For the shard's thread
     */
    default void publishBy(Runnable publish) {}

    /**
     * How many chains are worth a turn: when no more wait, all of them are taken at once before the
     * next publish; of more only a part, so that driver and device work at the same time. Few for
     * requests that take long, many for what is done in the time that a cache line needs from one
     * processor to the other: each turn moves several of those.
     */
    default int leastBurst() {
        return 8;
    }

    /**
     * Somebody waits until nothing is in flight: what was taken and waits for its turn, or for the
     * storage, is finished now as well as can be. Holds until the next poll with a budget.
     */
    default void finishTaken() {}

    /** Takes nothing more from now on. What is in flight goes on to its end. */
    void beginDrain();

    /** True when nothing is in flight: no host I/O is left that could touch guest memory. */
    boolean drained();

    /**
     * Goes on in another guest memory. Called when {@link #drained} if mappings went away, at any
     * time when they were only added.
     *
     * @return false when the ring is no longer mapped: the queue has stopped itself
     */
    boolean remap(GuestMemory memory);

    /**
     * Ends the worker and closes its channel to the back end. Requires {@link #drained}.
     *
     * @return the queue, which belongs to the caller again
     * @throws IllegalStateException when work is in flight
     */
    Virtqueue stop();

    /** The queue it serves, for the engine's publishing and suppression. */
    Virtqueue queue();

    /**
     * Asked before the shard sleeps: whether a chain made available is something to do. False for a
     * queue of receive buffers while nothing waits for them: then the driver is not asked for
     * kicks, and buffers that lie ready do not keep the shard awake.
     */
    default boolean wantsKicks() {
        return true;
    }

    /**
     * Whether another thread handed work over. Asked after the shard announced that it sleeps: who
     * hands over first does so and then rings the {@link Doorbell}.
     */
    default boolean hasWork() {
        return false;
    }

    /**
     * The front-end enabled the ring or disabled it (SET_VRING_ENABLE). Called once after the
     * start, and at each change; {@link #drained} when it was disabled.
     */
    default void setEnabled(boolean enabled) {}

    /**
     * Whether {@link #poll} takes chains from a disabled ring too. A network device takes what its
     * driver transmits there, and discards it.
     */
    default boolean worksWhenDisabled() {
        return false;
    }
}
