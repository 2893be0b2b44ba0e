package dev.ringside.server.engine;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.EventFd;
import dev.ringside.virtqueue.QueueCounter;
import org.jspecify.annotations.Nullable;

/** How a queue's driver hears of it: by its call fd and its err fd. Confined to the shard. */
final class DriverSignals {
    private final Counters<QueueCounter> counters;
    private @Nullable EventFd call;
    private @Nullable EventFd err;

    /** Null: the driver does not want to hear that. */
    DriverSignals(
            final Counters<QueueCounter> counters,
            final @Nullable EventFd call,
            final @Nullable EventFd err) {
        this.counters = counters;
        this.call = call;
        this.err = err;
    }

    /** Chains were used. */
    void call() {
        final EventFd target = call;
        if (target != null && target.signal()) {
            counters.increment(QueueCounter.CALLS);
        }
    }

    /** The queue has stopped. */
    void error() {
        final EventFd target = err;
        if (target != null) {
            target.signal();
        }
    }

    void setCall(final @Nullable EventFd value) {
        call = value;
    }

    void setErr(final @Nullable EventFd value) {
        err = value;
    }
}
