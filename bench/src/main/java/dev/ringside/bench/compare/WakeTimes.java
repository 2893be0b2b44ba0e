package dev.ringside.bench.compare;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/** How long it takes until somebody who sleeps has answered. */
final class WakeTimes {
    private final List<Long> timesNs = new ArrayList<>();

    /** Leaves it alone for so long, wakes it, and so on. */
    void take(final Sleeper sleeper, final int count, final long restNs) throws IOException {
        for (int i = 0; i < count; i++) {
            LockSupport.parkNanos(restNs);
            final long start = System.nanoTime();
            sleeper.wake();
            add(System.nanoTime() - start);
        }
    }

    void add(final long timeNs) {
        timesNs.add(timeNs);
    }

    /** The time that a share (0 to 1) of them does not exceed. */
    long percentileNs(final double share) {
        final List<Long> sorted = new ArrayList<>(timesNs);
        Collections.sort(sorted);
        return sorted.get(Math.max(0, (int) Math.ceil(sorted.size() * share) - 1));
    }

    /** Median and 99th percentile in microseconds, as two columns. */
    String columns() {
        return String.format(
                Locale.ROOT, "%.1f | %.1f", percentileNs(0.5) / 1e3, percentileNs(0.99) / 1e3);
    }
}
