package dev.ringside.virtio.net.port;

/**
 * Brings frames from a port to the sink that it was opened with. Confined to the shard that it was
 * opened on; no method but {@link #close} blocks, locks, allocates or logs.
 */
public interface FrameSource extends AutoCloseable {
    /**
     * Puts frames that have come into the sink; called once per duty cycle. A source that has
     * nothing arms whatever wakes its shard (a poll in the shard's ring) and costs no syscall until
     * then. What the sink does not take now ({@link Verdict#LATER}) the source keeps, or leaves
     * where it came from.
     *
     * @param budget most frames in one turn
     * @return how many were put and not refused
     */
    int poll(int budget);

    /** As {@link dev.ringside.virtqueue.device.QueueWorker#hasWork}. */
    default boolean hasWork() {
        return false;
    }

    /** Whether the sink's queue is enabled; a source that can choose among queues avoids others. */
    default void setEnabled(boolean enabled) {}

    /** Ends the flow: the sink hears nothing any more. Does nothing the second time. */
    @Override
    void close();
}
