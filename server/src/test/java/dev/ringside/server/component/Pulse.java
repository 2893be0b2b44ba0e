package dev.ringside.server.component;

import java.util.function.LongSupplier;

/** Watches a load from outside: how much it gets done, and the longest time it stood still. */
final class Pulse implements AutoCloseable {
    private static final int LOOK_MS = 1;

    private final String what;
    private final LongSupplier completed;
    private final Thread watcher = Thread.ofPlatform().daemon().name("pulse").unstarted(this::run);
    private volatile boolean stopped;
    private long sinceNs;
    private long completedBefore;
    private long longestNs;

    private Pulse(final String what, final LongSupplier completed) {
        this.what = what;
        this.completed = completed;
    }

    /** Watches from now on. */
    static Pulse of(final String what, final LongSupplier completed) {
        final Pulse pulse = new Pulse(what, completed);
        pulse.begin();
        pulse.watcher.start();
        return pulse;
    }

    /** Counts from now on. */
    synchronized void begin() {
        sinceNs = System.nanoTime();
        completedBefore = completed.getAsLong();
        longestNs = 0;
    }

    /** What was done since {@link #begin}. */
    synchronized String report() {
        final long count = completed.getAsLong() - completedBefore;
        final double seconds = (System.nanoTime() - sinceNs) / 1e9;
        return "%s: %d in %.2f s, %.0f/s, longest pause %.1f ms"
                .formatted(what, count, seconds, count / seconds, longestNs / 1e6);
    }

    private void run() {
        long seen = completed.getAsLong();
        long seenNs = System.nanoTime();
        try {
            while (!stopped) {
                Thread.sleep(LOOK_MS);
                final long now = completed.getAsLong();
                final long nowNs = System.nanoTime();
                pause(nowNs - seenNs);
                if (now != seen) {
                    seen = now;
                    seenNs = nowNs;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void pause(final long lengthNs) {
        longestNs = Math.max(longestNs, lengthNs);
    }

    @Override
    public void close() {
        stopped = true;
    }
}
