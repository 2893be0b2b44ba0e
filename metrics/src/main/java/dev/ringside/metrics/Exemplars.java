package dev.ringside.metrics;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The last duration of each of a histogram's exported buckets, with where and when it was. One
 * thread writes, any thread reads; what is read may be of two durations of the same bucket.
 */
final class Exemplars {
    private static final int LOWEST_BITS = Long.SIZE - Long.numberOfLeadingZeros(1023);

    /** Duration in nanoseconds, time in milliseconds, and place, of each bucket. */
    private final long[] cells;

    Exemplars(int buckets) {
        cells = new long[3 * buckets];
    }

    /** Writing thread only. */
    void note(long durationNs, long timeMs, long place) {
        int cell = 3 * bucketOf(durationNs, cells.length / 3);
        cells[cell] = durationNs;
        cells[cell + 1] = timeMs;
        cells[cell + 2] = place;
    }

    private static int bucketOf(long ns, int buckets) {
        int bits = Long.SIZE - Long.numberOfLeadingZeros(Math.max(ns, 0));
        return Math.clamp(bits - LOWEST_BITS, 0, buckets - 1);
    }

    /** What was noted; nothing of buckets that are empty. */
    List<Exemplar> all() {
        List<Exemplar> all = new ArrayList<>();
        for (int cell = 0; cell < cells.length; cell += 3) {
            if (cells[cell + 1] != 0) {
                all.add(new Exemplar(cells[cell], cells[cell + 1], cells[cell + 2]));
            }
        }
        return all;
    }

    /** The later one of each bucket. */
    static List<Exemplar> merged(List<Exemplar> one, List<Exemplar> other) {
        Map<Integer, Exemplar> latest = new HashMap<>();
        for (List<Exemplar> some : List.of(one, other)) {
            for (Exemplar exemplar : some) {
                latest.merge(
                        bucketOf(exemplar.durationNs(), Integer.MAX_VALUE),
                        exemplar,
                        (a, b) -> a.timeMs() > b.timeMs() ? a : b);
            }
        }
        return List.copyOf(latest.values());
    }
}
