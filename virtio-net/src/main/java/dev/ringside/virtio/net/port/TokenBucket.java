package dev.ringside.virtio.net.port;

/**
 * Lets so much through in a time, and at most a burst at once. Filled by time, not by ticks: how
 * late it is asked makes no difference to the rate, as long as a burst covers the delay. Exact:
 * what a refill cannot give in whole units it keeps for the next one. Confined to one thread.
 */
public final class TokenBucket {
    /** Highest rate, units per second. */
    public static final long MAX_RATE = 1_000_000_000_000L;

    /** Largest burst, units. */
    public static final long MAX_BURST = 8_000_000_000L;

    private static final long SECOND_NS = 1_000_000_000L;

    private long rate = 1;
    private long burst = 1;
    private long fillNs = SECOND_NS;
    private long level;
    private long remainder;
    private long filledNs;

    /**
     * A full bucket.
     *
     * @param rate units per second, 1 to {@link #MAX_RATE}
     * @param burst most units at once, 1 to {@link #MAX_BURST}
     * @param nowNs the time, in nanoseconds
     */
    public TokenBucket(long rate, long burst, long nowNs) {
        filledNs = nowNs;
        set(rate, burst, nowNs);
        level = burst;
    }

    /** Changes rate and burst from now on; what is in it stays, up to the burst. */
    public void set(long newRate, long newBurst, long nowNs) {
        if (newRate < 1 || newRate > MAX_RATE || newBurst < 1 || newBurst > MAX_BURST) {
            throw new IllegalArgumentException(
                    "rate " + newRate + " and burst " + newBurst + " are not in range");
        }
        refill(nowNs);
        rate = newRate;
        burst = newBurst;
        fillNs = burst * SECOND_NS / rate + 1;
        level = Math.min(level, burst);
        remainder = 0;
    }

    /** Adds what time has brought. */
    public void refill(long nowNs) {
        long elapsedNs = nowNs - filledNs;
        if (elapsedNs <= 0) {
            return;
        }
        filledNs = nowNs;
        long missing = burst - level;
        if (missing <= burst && elapsedNs >= fillNs) {
            level = burst;
            remainder = 0;
            return;
        }
        // Below the burst's fill time no product exceeds 9.1e18: it fits. A debt is paid in steps.
        while (elapsedNs > 0 && level < burst) {
            long stepNs = Math.min(elapsedNs, fillNs);
            long product = stepNs * rate + remainder;
            level += product / SECOND_NS;
            remainder = product % SECOND_NS;
            elapsedNs -= stepNs;
        }
        if (level >= burst) {
            level = burst;
            remainder = 0;
        }
    }

    /**
     * Whether {@code units} may pass now. What is larger than the burst passes when the bucket is
     * full, and leaves a debt.
     */
    public boolean allows(long units) {
        return level >= Math.min(units, burst);
    }

    /** Takes {@code units}, which {@link #allows} has let pass. */
    public void take(long units) {
        level -= units;
    }

    /** Units that are in it; negative: a debt. */
    public long level() {
        return level;
    }

    /** When {@code units} may pass at the earliest, on the scale of {@link #refill}'s time. */
    public long readyNs(long units) {
        long missing = Math.min(units, burst) - level;
        if (missing <= 0) {
            return filledNs;
        }
        long seconds = missing / rate;
        long part = missing % rate;
        return filledNs + seconds * SECOND_NS + partNs(part) + 1;
    }

    private long partNs(long part) {
        // part < rate <= 1e12: the product may not fit, but its quotient does.
        return (long) Math.ceil((double) part * SECOND_NS / rate);
    }
}
