package dev.ringside.virtio.net.port;

import dev.ringside.shm.Ranges;
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

    /**
     * Takes plain frames: one range of bytes each, up to {@link
     * dev.ringside.shm.HeadedCopies#MOST_BYTES}, of which nothing was left undone, and which cannot
     * be held. Many at once cost a part of what they cost one by one.
     *
     * @return how many of the first were taken, as {@link #put} would with {@link Verdict#DONE};
     *     the next one is to be put by itself
     */
    default int putPlain(Ranges frames) {
        return 0;
    }

    /** Whether it has a {@link #putPlain}. Does not change. */
    default boolean takesPlain() {
        return false;
    }

    /** The burst is over: what was gathered goes out. */
    default void flush() {}

    /** Releases what it has open. Does nothing the second time. */
    @Override
    default void close() {}
}
