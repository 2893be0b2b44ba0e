package dev.ringside.server.engine;

/**
 * What takes so long that it is worth to be told of: in counters, and in JFR events while somebody
 * records them.
 *
 * @param turnNs a turn of a shard's duty cycle, in nanoseconds
 * @param requestNs a request of a disk, from the ring and back, in nanoseconds
 */
public record SlowLimits(long turnNs, long requestNs) {
    /** Longer than the scheduler of a busy host lets a thread wait. */
    public static final int DEFAULT_TURN_MS = 10;

    /** Nothing that an SSD does takes this long. */
    public static final int DEFAULT_REQUEST_MS = 100;

    private static final long NS_PER_MS = 1_000_000;

    /** Limits in milliseconds. */
    public static SlowLimits ofMillis(int turnMs, int requestMs) {
        return new SlowLimits(turnMs * NS_PER_MS, requestMs * NS_PER_MS);
    }

    /** What holds unless it is said otherwise. */
    public static SlowLimits defaults() {
        return ofMillis(DEFAULT_TURN_MS, DEFAULT_REQUEST_MS);
    }
}
