package dev.ringside.virtio.net.offload;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Keeps segments and views beyond the call in which they were put. A segment is copied: its
 * original goes back to its source when the last segment is put, whoever holds some. A view of a
 * shared frame holds that frame.
 *
 * <p>Bounded: whoever asks for more gets null and drops. What it needs it allocates when it is
 * first needed, and keeps.
 */
final class SegmentPool implements FrameKeeper {
    /** Most frames that are held at a time: two frames of 64 KiB in Ethernet's segments. */
    static final int MAX_HELD = 96;

    /** Longest segment that can be held: a jumbo frame. */
    static final int MAX_HELD_BYTES = 9216;

    private static final int EXTENTS = 18;

    private final Frame segment = new Frame(this, EXTENTS);
    private final Frame view = new Frame(this, EXTENTS);
    private final @Nullable Slot[] slots = new @Nullable Slot[MAX_HELD];
    private final MpscVarHandleArrayQueue<Slot> free = new MpscVarHandleArrayQueue<>(MAX_HELD);
    private int made;
    private @Nullable Frame viewed;

    /** The frame that segments are made in. */
    Frame segment() {
        return segment;
    }

    /** Looks at a shared frame, so that it can be worked on without being changed. */
    Frame view(Frame shared) {
        viewed = shared;
        view.viewOf(shared);
        return view;
    }

    /** Drops the references to what was put last. */
    void forget() {
        segment.forget();
        view.forget();
        viewed = null;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // which one it is, not what is in it
    public @Nullable Frame hold(Frame frame) {
        if (frame != segment && frame != view) {
            frame.retain();
            return frame;
        }
        Frame original = frame == view ? viewed : null;
        if (original == null && frame.length() > MAX_HELD_BYTES) {
            return null;
        }
        Slot slot = take();
        if (slot == null) {
            return null;
        }
        if (original == null) {
            slot.copy(frame);
        } else {
            slot.look(frame, original);
        }
        return slot.frame;
    }

    private @Nullable Slot take() {
        Slot slot = free.poll();
        if (slot == null && made < MAX_HELD) {
            slot = new Slot(made);
            slots[made++] = slot;
        }
        return slot;
    }

    @Override
    public void released(Frame held) {
        // Whoever got the frame from this shard has got its slot with it.
        Slot slot = Objects.requireNonNull(slots[held.token()]);
        Frame original = slot.empty();
        free.offer(slot);
        if (original != null) {
            original.release();
        }
    }

    /** A frame that is lent, and what it holds. */
    private final class Slot {
        private final int number;
        private final Frame frame = new Frame(SegmentPool.this, EXTENTS);
        private @Nullable MemorySegment memory;
        private @Nullable Frame original;

        Slot(int number) {
            this.number = number;
        }

        void copy(Frame from) {
            if (memory == null) {
                // Left to the collector: holders may outlive the sink.
                memory = Arena.ofAuto().allocate(MAX_HELD_BYTES, 64);
            }
            int head = from.headBytes();
            from.copyTo(0, memory, 0, from.length());
            frame.clear();
            frame.add(memory, 0, from.length());
            frame.pull(head);
            frame.leaveUndoneAs(from);
            frame.beginHold(number);
        }

        void look(Frame from, Frame shared) {
            shared.retain();
            original = shared;
            frame.viewOf(from);
            frame.beginHold(number);
        }

        @Nullable Frame empty() {
            Frame was = original;
            original = null;
            frame.forget();
            return was;
        }
    }
}
