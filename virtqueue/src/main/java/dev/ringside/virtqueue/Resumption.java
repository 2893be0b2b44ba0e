package dev.ringside.virtqueue;

/**
 * What a queue found when it started, of requests that another back-end had taken before.
 *
 * @param tracked whether an in-flight region tells which they are
 * @param replayed how many are done again, first and in their order: they were in flight
 * @param unknown how many lie between the ring's used index and the base and may never be answered:
 *     nobody knows which of them were done
 */
public record Resumption(boolean tracked, int replayed, int unknown) {
    /** Nothing was left over, or nothing is known to be. */
    static final Resumption CLEAN = new Resumption(false, 0, 0);
}
