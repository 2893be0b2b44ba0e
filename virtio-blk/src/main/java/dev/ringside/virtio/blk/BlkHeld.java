package dev.ringside.virtio.blk;

import org.jspecify.annotations.Nullable;

/**
 * A queue's requests that the storage failed, and that wait until it can: one of them is tried now
 * and then, and when it succeeds all are. Confined to the shard.
 */
final class BlkHeld {
    private static final long FIRST_PAUSE_NS = 100_000_000;
    private static final long LONGEST_PAUSE_NS = 5_000_000_000L;

    private final ErrorPolicy policy;
    private final BlkTrouble trouble;
    private final RequestQueue waiting;

    /** The request that shows whether the storage is back; null: none is under way. */
    private @Nullable BlkRequest probe;

    private long pauseNs = FIRST_PAUSE_NS;
    private long probeAtNs;

    /** How many of those that wait are tried now, one after the other. */
    private int due;

    /** With room for so many requests. */
    BlkHeld(ErrorPolicy policy, BlkTrouble trouble, int room) {
        this.policy = policy;
        this.trouble = trouble;
        waiting = new RequestQueue(room);
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Whether a request that failed with a (positive) error number is to wait. */
    boolean wants(int errno) {
        return policy.holds(errno);
    }

    /**
     * A request waits, because of a (positive) error number.
     *
     * @return false: it did before
     */
    boolean add(BlkRequest request, int errno, long nowNs) {
        boolean first = request.beginsToWait();
        if (first) {
            trouble.add(errno);
        }
        if (request == probe) {
            probe = null;
            pauseNs = Math.min(2 * pauseNs, LONGEST_PAUSE_NS);
            probeAtNs = nowNs + pauseNs;
        } else if (waiting.isEmpty()) {
            probeAtNs = nowNs + pauseNs;
        }
        waiting.add(request);
        return first;
    }

    /** The storage has carried out a request, or it is given up. */
    void over(BlkRequest request, boolean success) {
        if (request == probe) {
            probe = null;
            if (success) {
                due = waiting.size();
                pauseNs = FIRST_PAUSE_NS;
            }
        }
        if (request.endsToWait()) {
            trouble.remove();
        }
    }

    /** All are tried once more, at once. */
    void tryAll() {
        due = waiting.size();
    }

    /** The next request to try; null: none now. */
    @Nullable BlkRequest next(long nowNs) {
        if (due > 0) {
            due--;
            return waiting.remove();
        }
        if (waiting.isEmpty() || probe != null || nowNs - probeAtNs < 0) {
            return null;
        }
        probe = waiting.remove();
        return probe;
    }

    /** In how many nanoseconds {@link #next} has one; only when there are some. */
    long awayNs(long nowNs) {
        return due > 0 ? 0 : probe != null ? Long.MAX_VALUE : Math.max(0, probeAtNs - nowNs);
    }
}
