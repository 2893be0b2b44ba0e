package dev.ringside.virtio.net.filter;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets so much through in a time, and at most a burst at once, on any number of threads without a
 * lock: all it holds is the time at which what was taken will have been paid for. Time, not ticks,
 * fills it: how late it is asked makes no difference to the rate while a burst covers the delay.
 */
final class SharedBucket {
    /** Time is kept in 1/64 ns: fine enough for frames at 100 Gbit/s, and wraps after years. */
    private static final int FRACTION_BITS = 6;

    private static final long NEVER = Long.MIN_VALUE;
    private static final long MOST_TICKS = Long.MAX_VALUE >> 2;

    private static final double TICKS_PER_SECOND = 1e9 * (1 << FRACTION_BITS);

    private final double ticksPerUnit;
    private final long burstTicks;
    private final AtomicLong paidAt = new AtomicLong(NEVER);

    /** A full bucket. */
    SharedBucket(long rate, long burst) {
        ticksPerUnit = TICKS_PER_SECOND / rate;
        burstTicks = Math.min(MOST_TICKS, (long) (burst * ticksPerUnit));
    }

    /**
     * What {@code units} cost, in the bucket's own measure. More than a burst passes when the
     * bucket is full.
     */
    long cost(long units) {
        return Math.min(MOST_TICKS, (long) Math.ceil(units * ticksPerUnit));
    }

    /**
     * Takes what something costs, if it may pass now.
     *
     * @return 0 when it may; else how many nanoseconds from now it may at the earliest
     */
    long take(long cost, long nowNs) {
        long now = nowNs << FRACTION_BITS;
        while (true) {
            long paid = paidAt.get();
            long missing = missing(paid, cost, now);
            if (missing > 0) {
                return waitNs(missing);
            }
            if (paidAt.compareAndSet(paid, now + debt(paid, now) + cost)) {
                return 0;
            }
        }
    }

    /** As {@link #take}, without taking. */
    long waitNs(long cost, long nowNs) {
        long missing = missing(paidAt.get(), cost, nowNs << FRACTION_BITS);
        return missing > 0 ? waitNs(missing) : 0;
    }

    private static long waitNs(long ticks) {
        return (ticks >> FRACTION_BITS) + 1;
    }

    private long missing(long paid, long cost, long now) {
        return debt(paid, now) + Math.min(cost, burstTicks) - burstTicks;
    }

    private static long debt(long paid, long now) {
        return paid == NEVER ? 0 : Math.max(0, paid - now);
    }

    /** Gives back what did not pass after all. */
    void giveBack(long cost) {
        paidAt.addAndGet(-cost);
    }
}
