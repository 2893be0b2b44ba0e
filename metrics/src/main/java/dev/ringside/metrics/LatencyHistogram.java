package dev.ringside.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Counts durations in fixed log-linear buckets from 256 ns to 69 s.
 *
 * <p>Each power of two is cut into {@value #STEPS} equal buckets, so a bucket is at most 12.5 %
 * wide relative to its lower bound. Shorter durations share the first bucket, longer ones the last.
 * One thread writes at a time, any thread reads; recording costs two stores and never allocates.
 */
public final class LatencyHistogram {
    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int STEP_BITS = 3;
    private static final int STEPS = 1 << STEP_BITS;
    private static final int MIN_EXPONENT = 8;
    private static final int MAX_EXPONENT = 36;
    private static final long MIN_NS = 1L << MIN_EXPONENT;
    private static final long MAX_NS = 1L << MAX_EXPONENT;

    /** First bucket: below {@link #MIN_NS}. Last: {@link #MAX_NS} and above. */
    private static final int BUCKETS = (MAX_EXPONENT - MIN_EXPONENT) * STEPS + 2;

    private static final int EXPORTED_FROM = MIN_EXPONENT + 2;
    private static final int EXPORTED_TO = MAX_EXPONENT - 3;

    private static final int PADDING = 16;
    private static final int SUM = PADDING + BUCKETS;

    /** The buckets' counts, then the sum of all durations, padded at both ends. */
    private final long[] cells = new long[PADDING + BUCKETS + 1 + PADDING];

    private final @Nullable Exemplars exemplars;

    /** An empty histogram. */
    public LatencyHistogram() {
        this(false);
    }

    /**
     * An empty histogram.
     *
     * @param withExemplars whether it keeps the last duration of each exported bucket
     */
    public LatencyHistogram(boolean withExemplars) {
        exemplars = withExemplars ? new Exemplars(EXPORTED_TO - EXPORTED_FROM + 2) : null;
    }

    /**
     * Counts one duration that may be shown as an example. Writing thread only.
     *
     * @param place see {@link Exemplar}
     */
    public void record(long durationNs, long place) {
        record(durationNs);
        Exemplars kept = exemplars;
        if (kept != null) {
            kept.note(Math.max(durationNs, 0), System.currentTimeMillis(), place);
        }
    }

    /**
     * Counts one duration. Writing thread only.
     *
     * @param durationNs nanoseconds; a negative one (a clock that stepped) counts as zero
     */
    public void record(long durationNs) {
        long ns = Math.max(durationNs, 0);
        int cell = PADDING + bucketOf(ns);
        COUNT.setOpaque(cells, cell, cells[cell] + 1);
        COUNT.setOpaque(cells, SUM, cells[SUM] + ns);
    }

    /**
     * The counts for export: one bucket per power of two from 1 us to 8.6 s, and the rest. Any
     * thread.
     */
    public Snapshot snapshot() {
        return detailedSnapshot().merged(EXPORTED_FROM, EXPORTED_TO);
    }

    /** The bounds of {@link #snapshot} in nanoseconds, without the last, which is none. */
    public static List<Long> exportedBoundsNs() {
        return IntStream.rangeClosed(EXPORTED_FROM, EXPORTED_TO)
                .mapToObj(exponent -> 1L << exponent)
                .toList();
    }

    /** The counts in full resolution, for quantiles. Any thread. */
    public Snapshot detailedSnapshot() {
        long[] bounds = new long[BUCKETS];
        long[] counts = new long[BUCKETS];
        long sum = (long) COUNT.getOpaque(cells, SUM);
        long total = 0;
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            bounds[bucket] = upperBoundNs(bucket);
            counts[bucket] = (long) COUNT.getOpaque(cells, PADDING + bucket);
            total += counts[bucket];
        }
        return new Snapshot(
                bounds, counts, sum, total, exemplars == null ? List.of() : exemplars.all());
    }

    private static int bucketOf(long ns) {
        if (ns < MIN_NS) {
            return 0;
        }
        if (ns >= MAX_NS) {
            return BUCKETS - 1;
        }
        int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(ns);
        int step = (int) (ns >>> (exponent - STEP_BITS)) & (STEPS - 1);
        return 1 + (exponent - MIN_EXPONENT) * STEPS + step;
    }

    /** The largest duration of a bucket. */
    private static long upperBoundNs(int bucket) {
        if (bucket == BUCKETS - 1) {
            return Long.MAX_VALUE;
        }
        int octave = bucket / STEPS;
        long step = bucket % STEPS;
        return (MIN_NS << octave) + (step << (MIN_EXPONENT + octave - STEP_BITS)) - 1;
    }

    /**
     * What a histogram held at about one moment.
     *
     * @param upperBoundsNs largest duration of each bucket in nanoseconds, ascending; the last is
     *     {@link Long#MAX_VALUE}: no bound
     * @param counts how many durations each bucket holds (not cumulative)
     * @param sumNs sum of all durations in nanoseconds
     * @param count sum of {@code counts}
     * @param exemplars at most one of each exported bucket
     */
    @SuppressWarnings("ArrayRecordComponent") // a fresh snapshot per call: its reader owns it
    public record Snapshot(
            long[] upperBoundsNs, long[] counts, long sumNs, long count, List<Exemplar> exemplars) {
        /**
         * The upper bound in nanoseconds of the bucket in which a share of all durations is
         * reached: {@code quantileNs(0.99)} is the 99th percentile, at most one bucket too high.
         *
         * @param share from 0 to 1
         * @return zero when the histogram is empty; {@link Long#MAX_VALUE} when above all bounds
         * @throws IllegalArgumentException when {@code share} is not in 0..1
         */
        public long quantileNs(double share) {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("share " + share + " is not in 0..1");
            }
            long rank = Math.max(1, (long) Math.ceil(share * count));
            long seen = 0;
            for (int bucket = 0; bucket < counts.length; bucket++) {
                seen += counts[bucket];
                if (seen >= rank) {
                    return upperBoundsNs[bucket];
                }
            }
            return 0;
        }

        /**
         * Both snapshots' counts added up.
         *
         * @throws IllegalArgumentException when their buckets differ
         */
        public Snapshot plus(Snapshot other) {
            if (!Arrays.equals(upperBoundsNs, other.upperBoundsNs)) {
                throw new IllegalArgumentException(
                        "snapshots with different buckets: use equal ones");
            }
            long[] sums = counts.clone();
            for (int bucket = 0; bucket < sums.length; bucket++) {
                sums[bucket] += other.counts[bucket];
            }
            return new Snapshot(
                    upperBoundsNs,
                    sums,
                    sumNs + other.sumNs,
                    count + other.count,
                    Exemplars.merged(exemplars, other.exemplars));
        }

        /** Buckets that end just below each power of two from one exponent to another. */
        private Snapshot merged(int fromExponent, int toExponent) {
            int size = toExponent - fromExponent + 2;
            long[] bounds = new long[size];
            for (int i = 0; i < size - 1; i++) {
                bounds[i] = (1L << (fromExponent + i)) - 1;
            }
            bounds[size - 1] = Long.MAX_VALUE;
            long[] sums = new long[size];
            int target = 0;
            for (int bucket = 0; bucket < counts.length; bucket++) {
                while (upperBoundsNs[bucket] > bounds[target]) {
                    target++;
                }
                sums[target] += counts[bucket];
            }
            return new Snapshot(bounds, sums, sumNs, count, exemplars);
        }
    }
}
