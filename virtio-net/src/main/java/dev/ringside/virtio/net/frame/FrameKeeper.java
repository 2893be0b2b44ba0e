package dev.ringside.virtio.net.frame;

import org.jspecify.annotations.Nullable;

/** Where a frame came from: lets others keep its content beyond the call in which they got it. */
public interface FrameKeeper {
    /**
     * Keeps a frame's content: see {@link Frame#hold()}. On the source's shard.
     *
     * @return a frame of the source's with the same content and one reference, or null when it can
     *     keep no more
     */
    @Nullable Frame hold(Frame frame);

    /** The last reference to a held frame is gone. Any thread; must not block. */
    void released(Frame held);

    /** Keeps nothing: whoever cannot take a frame at once drops it. */
    FrameKeeper NONE =
            new FrameKeeper() {
                @Override
                public @Nullable Frame hold(Frame frame) {
                    return null;
                }

                @Override
                public void released(Frame held) {
                    throw new IllegalStateException("this source holds no frames");
                }
            };
}
