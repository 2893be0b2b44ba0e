package dev.ringside.frontend;

/**
 * A latency histogram of logarithmic buckets, 16 to each power of two (at most 6 % wide). Recording
 * allocates nothing. One thread.
 */
public final class LatencyRecorder {
    private static final int SUB_BITS = 4;
    private static final int SUB = 1 << SUB_BITS;

    private final long[] counts = new long[64 * SUB];
    private long total;
    private long sumNs;
    private long maxNs;

    /** Nothing recorded yet. */
    public LatencyRecorder() {}

    /** Counts one latency; negative ones count as 0. */
    public void record(final long latencyNs) {
        final long ns = Math.max(latencyNs, 0);
        counts[bucket(ns)]++;
        total++;
        sumNs += ns;
        if (ns > maxNs) {
            maxNs = ns;
        }
    }

    private static int bucket(final long ns) {
        if (ns < SUB) {
            return (int) ns;
        }
        final int exponent = 63 - Long.numberOfLeadingZeros(ns);
        final int sub = (int) (ns >>> (exponent - SUB_BITS)) & (SUB - 1);
        return (exponent - SUB_BITS + 1) * SUB + sub;
    }

    private static long upperBoundNs(final int bucket) {
        if (bucket < SUB) {
            return bucket;
        }
        final int exponent = bucket / SUB + SUB_BITS - 1;
        final long sub = bucket % SUB;
        return ((SUB + sub + 1) << (exponent - SUB_BITS)) - 1;
    }

    /** Adds what another one recorded. */
    public void add(final LatencyRecorder other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        total += other.total;
        sumNs += other.sumNs;
        maxNs = Math.max(maxNs, other.maxNs);
    }

    /** Hears of a bucket that is not empty. */
    @FunctionalInterface
    public interface Buckets {
        /** So many latencies are not above {@code upperBoundNs}, and above the bucket before. */
        void bucket(long upperBoundNs, long count);
    }

    /** Gives all buckets that are not empty, from the lowest. */
    public void forEach(final Buckets buckets) {
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0) {
                buckets.bucket(Math.min(upperBoundNs(i), maxNs), counts[i]);
            }
        }
    }

    /** How many latencies were recorded. */
    public long count() {
        return total;
    }

    /** Their mean; 0 when there are none. */
    public long meanNs() {
        return total == 0 ? 0 : sumNs / total;
    }

    /** The largest. */
    public long maxNs() {
        return maxNs;
    }

    /** The value that a share (0 to 1) of them does not exceed, rounded up to its bucket's end. */
    public long percentileNs(final double share) {
        final long wanted = Math.max(1, (long) Math.ceil(total * share));
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted) {
                return Math.min(upperBoundNs(i), maxNs);
            }
        }
        return maxNs;
    }
}
