package dev.ringside.virtio.blk.backend;

/**
 * One queue's way to a {@link BlockBackend}. Confined to the thread that opened it. No method but
 * {@link #close} blocks, locks or allocates.
 */
public interface BlockChannel extends AutoCloseable {
    /** The result of {@link #submit} for a request that completes later, by the callback. */
    int PENDING = Integer.MIN_VALUE;

    /**
     * Starts a request. It stays the channel's until it completed. Never refused: a channel that is
     * short of something keeps the request and retries it in {@link #poll}.
     *
     * @return 0 when it is done already, a negative error number when it failed, or {@link
     *     #PENDING}
     */
    int submit(BlockIo io);

    /**
     * No further request comes in this duty cycle: what was kept to see the next one is done now,
     * by the callback. Without it the next {@link #poll} does that.
     */
    default void endBurst() {}

    /**
     * Goes on with what had to wait. Called once per duty cycle. As long as something waits that no
     * I/O in flight will bring on, the channel keeps the shard's ring from sleeping.
     */
    void poll();

    /** True while requests wait inside for room: a wise caller takes no more for now. */
    boolean congested();

    /**
     * True once data that was written may have been lost: then an error means more than that a
     * request failed, and trying again does not mend it.
     */
    default boolean lostData() {
        return false;
    }

    /**
     * True when nothing at all of the channel is in flight in the shard's ring: it may be closed.
     */
    boolean idle();

    /** Releases the channel, which must be {@link #idle}. Does nothing the second time. */
    @Override
    void close();
}
