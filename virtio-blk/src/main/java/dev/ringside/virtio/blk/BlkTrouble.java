package dev.ringside.virtio.blk;

import dev.ringside.shm.Errno;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * How many requests of a disk wait for its storage, since when and why. Shards count, anybody
 * reads; lock-free. Who wants to tell an operator hears of the first one and of the end.
 */
final class BlkTrouble {
    private final AtomicInteger held = new AtomicInteger();
    private final AtomicReference<String> told = new AtomicReference<>("");
    private volatile int errno;
    private volatile long sinceMs;
    private volatile Runnable listener = () -> {};

    /** Whom to tell that {@link #news} may have something; called on shards: must only post. */
    void listen(Runnable value) {
        listener = value;
    }

    /** A request begins to wait because of a (positive) error number. */
    void add(int why) {
        if (held.get() == 0) {
            errno = why;
            sinceMs = System.currentTimeMillis();
        }
        if (held.getAndIncrement() == 0) {
            listener.run();
        }
    }

    /** A request that waited was carried out, answered with its error, or left to the next one. */
    void remove() {
        if (held.decrementAndGet() == 0) {
            listener.run();
        }
    }

    /** How many wait. */
    int held() {
        return held.get();
    }

    /** Since when, in milliseconds of Unix time; 0: none waits. */
    long sinceMs() {
        return held.get() == 0 ? 0 : sinceMs;
    }

    /** How it is now; empty: no request waits. */
    String text() {
        int count = held.get();
        return count == 0
                ? ""
                : count + (count == 1 ? " request waits " : " requests wait ") + why();
    }

    private String why() {
        return "for the storage since "
                + Instant.ofEpochMilli(sinceMs).truncatedTo(ChronoUnit.SECONDS)
                + ": "
                + Errno.text(errno)
                + " ("
                + Errno.name(errno)
                + ")";
    }

    /** What was not told yet; null: nothing. */
    @Nullable String news() {
        boolean waiting = held.get() > 0;
        String now = waiting ? "requests wait " + why() : "";
        String before = told.getAndSet(now);
        if (now.equals(before)) {
            return null;
        }
        return waiting
                ? now + "; they are tried again until it can, and the guest sees no error"
                : "the storage works again, no request waits any more";
    }
}
