package dev.ringside.server.engine;

import dev.ringside.virtqueue.RingFault;
import org.jspecify.annotations.Nullable;

/** What shards say of a connection's queues. Called there: only posts. */
record QueueFaults(Conductor conductor, Connection connection) implements QueueSlot.Listener {
    @Override
    public void onRingFault(int index, RingFault fault, @Nullable Throwable cause) {
        conductor.post(() -> connection.queueFaulted(index, fault, cause));
    }

    @Override
    public void onMemoryVanished() {
        conductor.post(
                () ->
                        connection.close(
                                SessionCounter.CLOSED_BY_MEMORY,
                                "the front-end took back memory that it had shared"
                                        + " (its file was truncated)"));
    }
}
