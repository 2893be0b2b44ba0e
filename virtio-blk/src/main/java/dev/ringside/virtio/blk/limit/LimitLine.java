package dev.ringside.virtio.blk.limit;

import java.util.concurrent.atomic.AtomicLong;

/**
 * One limit, as a line of time that is given away in slices, first come, first served. A slice may
 * be used when its time has come; a pause leaves at most a burst of past time. Any thread;
 * lock-free.
 *
 * <p>Time is kept in ticks of 1/64 ns: fine enough for any rate, and wraps after years.
 */
final class LimitLine {
    /** Ticks of a nanosecond, as a shift. */
    static final int TICK_BITS = 6;

    /** How much a taker gets at once, ns: each wakes its shard. */
    private static final long SLICE_NS = 4_000_000;

    private static final long BURST_NS = 100_000_000;
    private static final double TICKS_PER_SECOND = 1e9 * (1 << TICK_BITS);

    private final Limit limit;
    private final boolean bytes;
    private final double ticksPerUnit;
    private final long burstTicks;
    private final long sliceTicks;

    /** Everything before this moment was given away. */
    private final AtomicLong givenUntil;

    /** With a full burst. */
    LimitLine(LimitKind kind, Limit limit, long nowNs) {
        this.limit = limit;
        bytes = kind.bytes();
        ticksPerUnit = TICKS_PER_SECOND / limit.rate();
        sliceTicks = Math.max(ticks(SLICE_NS), costOf(kind.unit()));
        burstTicks =
                Math.max(
                        sliceTicks,
                        limit.burst() == 0
                                ? Math.max(ticks(BURST_NS), costOf(kind.unit()))
                                : costOf(limit.burst()));
        givenUntil = new AtomicLong(ticks(nowNs) - burstTicks);
    }

    static long ticks(long ns) {
        return ns << TICK_BITS;
    }

    Limit limit() {
        return limit;
    }

    /** What one request costs that moves so many bytes, ticks. */
    long cost(long requestBytes) {
        return costOf(bytes ? requestBytes : 1);
    }

    private long costOf(long units) {
        return Math.round(units * ticksPerUnit);
    }

    /**
     * Gives away the next slice: a whole one, or less if that has passed and is enough.
     *
     * @param since when it was wanted, ticks: what had passed by then, beyond a burst, is lost
     * @param enough for whoever wants it, ticks
     * @param taker gets to know how much it is, and from when on it may be used
     */
    void reserve(long since, long enough, Meter taker) {
        while (true) {
            long given = givenUntil.get();
            long oldest = since - burstTicks;
            long from = oldest - given > 0 ? oldest : given;
            long past = since - from;
            long ticks = past < sliceTicks && past >= enough ? past : sliceTicks;
            if (givenUntil.compareAndSet(given, from + ticks)) {
                taker.reserved(ticks, from + ticks);
                return;
            }
        }
    }

    /** Takes back what was reserved and not used, ticks. */
    void giveBack(long ticks) {
        givenUntil.addAndGet(-ticks);
    }
}
