package dev.ringside.virtio.net.port;

import dev.ringside.virtio.net.frame.Frame;

/**
 * Takes frames. Confined to the shard that it was opened on; no method but {@link #close} blocks,
 * locks, allocates or logs.
 */
public interface FrameSink extends AutoCloseable {
    /**
     * Takes a frame, or says why not. What the frame needs ({@link Frame#needs()}) is within {@link
     * #accepts()}. The sink may change the frame, unless it is held by others too ({@link
     * Frame#shared()}); after {@link Verdict#LATER} it means the same as before.
     */
    Verdict put(Frame frame);

    /**
     * Whether it is worth preparing a frame now: false says that {@link #put} would answer {@link
     * Verdict#LATER}. A sink that is waited for sees to it that the shard wakes when it has room
     * again.
     */
    boolean hasRoom();

    /** {@link dev.ringside.virtio.net.frame.Offload} bits that frames put here may need. */
    int accepts();

    /**
     * Whether it goes on, after {@link Verdict#LATER}, where it stopped: then the frame that is put
     * again must be the same object. Does not change; decorators pass it on.
     */
    default boolean remembersFrames() {
        return false;
    }

    /**
     * Whether the bytes of frames are read on the shard, and so worth fetching into the processor's
     * cache before they are put.
     */
    default boolean readsFrames() {
        return true;
    }

    /** The burst is over: what was gathered goes out. */
    default void flush() {}

    /** Releases what it has open. Does nothing the second time. */
    @Override
    default void close() {}
}
