package dev.ringside.server.engine;

import dev.ringside.vhostuser.Countdown;
import dev.ringside.virtqueue.RingView;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What an operator does to one device; its front-end hears nothing. Confined to the conductor but
 * for what says otherwise.
 */
final class OperatorCalls {
    private final Endpoint endpoint;
    private volatile boolean paused;
    private boolean accepting = true;

    OperatorCalls(Endpoint endpoint) {
        this.endpoint = endpoint;
    }

    /**
     * Has the device take nothing from its queues, those of front-ends to come too, or go on.
     *
     * @param done runs when that is so: what was taken before is answered, or its queue stopped
     */
    void pause(boolean value, Runnable done) {
        paused = value;
        final QueueSlots slots = endpoint.queues();
        final List<QueueSlot> running = slots == null ? List.of() : slots.running();
        final Runnable oneDone = Countdown.of(running.size(), done);
        for (final QueueSlot slot : running) {
            endpoint.shard(slot.index())
                    .pauseQueue(slot, value, () -> endpoint.conductor().post(oneDone));
        }
    }

    /** Whether it is paused. Any thread. */
    boolean paused() {
        return paused;
    }

    /** Accepts no front-end any more, or again; who is connected stays. */
    void accept(boolean value) {
        accepting = value;
        if (value) {
            endpoint.awaitFrontEnd();
        } else {
            endpoint.unwatchServer();
        }
    }

    /** Whether it waits for front-ends. */
    boolean accepting() {
        return accepting;
    }

    /** Shows a ring; null: it is not started. */
    void view(int queue, int entries, CompletableFuture<@Nullable RingView> seen) {
        final QueueSlots slots = endpoint.queues();
        final QueueSlot slot = slots == null ? null : slots.running(queue);
        if (slot == null) {
            seen.complete(null);
        } else {
            endpoint.shard(queue).viewQueue(slot, entries, seen);
        }
    }
}
