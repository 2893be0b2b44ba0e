package dev.ringside.virtio.net.l2;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import org.jspecify.annotations.Nullable;

/**
 * Shows one frame to several sinks, each of which may change what it is shown, or keep it. One
 * frame at a time: {@link #begin} or {@link #beginHeld}, {@link #look} for each sink, {@link #end}.
 * Confined to a shard, but for {@link #released}.
 */
final class FrameCopies implements FrameKeeper {
    /** Most looks that sinks keep at a time. */
    private static final int KEPT = 64;

    private static final int EXTENTS = 20;

    /** Longest list of extents that is kept: a guest must not make the pool grow. */
    private static final int MOST_EXTENTS = 64;

    private final Frame look = new Frame(this, EXTENTS);
    private final @Nullable Frame[] bases = new Frame[KEPT];
    private final FrameInbox back = new FrameInbox(KEPT);
    private int made;

    private @Nullable Frame original;
    private @Nullable Frame held;
    private boolean holdingRefused;

    /** Begins with a frame that is not held, on its source's shard. */
    void begin(Frame frame) {
        original = frame;
        held = null;
        holdingRefused = false;
    }

    /** Begins with a frame that is held, of which the caller has a reference and keeps it. */
    void beginHeld(Frame frame) {
        frame.retain();
        original = frame;
        held = frame;
        holdingRefused = false;
    }

    /** The frame for one sink, which may change it and, if it likes, hold it. */
    Frame look() {
        Frame now = original;
        if (now == null) {
            throw new IllegalStateException("nothing to look at");
        }
        look.viewOf(now);
        return look;
    }

    /** The frame, held: the caller must not release it but {@code retain} for others. */
    @Nullable Frame hold() {
        Frame now = original;
        if (held == null && !holdingRefused && now != null) {
            held = now.hold();
            holdingRefused = held == null;
        }
        return held;
    }

    /** Whether anybody holds the frame that began without; then forgets it. */
    boolean end() {
        Frame now = held;
        original = null;
        held = null;
        if (now == null) {
            return false;
        }
        now.release();
        return true;
    }

    @Override
    public @Nullable Frame hold(Frame frame) {
        Frame base = frame.extents() > MOST_EXTENTS ? null : hold();
        Frame copy = base == null ? null : free();
        if (copy == null || base == null) {
            return null;
        }
        base.retain();
        bases[copy.token()] = base;
        copy.viewOf(frame);
        copy.beginHold(copy.token());
        return copy;
    }

    private @Nullable Frame free() {
        if (back.hasNext()) {
            Frame copy = back.next();
            back.remove();
            return copy;
        }
        if (made == KEPT) {
            return null;
        }
        // Made when first needed: few sinks keep anything.
        Frame copy = new Frame(this, EXTENTS);
        copy.beginHold(made);
        made++;
        return copy;
    }

    @Override
    public void released(Frame copy) {
        Frame base = bases[copy.token()];
        bases[copy.token()] = null;
        // There is room for every one that was made.
        back.offer(copy, 0, 0);
        if (base != null) {
            base.release();
        }
    }
}
