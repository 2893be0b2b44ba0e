package dev.ringside.virtio.net.port.host;

import dev.ringside.shm.LazyMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import java.lang.foreign.MemorySegment;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Frames with memory of their own for a source to fill, one at a time: {@link #current}. A sink
 * that holds the current one gets it as it is, and the source goes on with another.
 *
 * <p>Confined to the source's shard but for {@link #released}. Its memory lasts as long as somebody
 * holds a frame of it. Only the constructor allocates.
 */
public final class FramePool implements FrameKeeper {
    /** Longest frame that fits. */
    public static final int MAX_FRAME_BYTES = Frame.MAX_BYTES;

    /** Where a frame starts in its slot: its header is before, its IP header aligned behind. */
    private static final int FRAME_AT = 64;

    private static final int SLOT_BYTES = (FRAME_AT + MAX_FRAME_BYTES + 63) & -64;

    private final MemorySegment memory;
    private final Frame[] frames;
    private final MpscVarHandleArrayQueue<Frame> free;
    private int current;
    private boolean held;

    /**
     * A pool.
     *
     * @param slots how many frames it has; one less can be held
     */
    public FramePool(int slots) throws LinuxException {
        memory = LazyMemory.allocate((long) slots * SLOT_BYTES);
        frames = new Frame[slots];
        free = new MpscVarHandleArrayQueue<>(Math.max(2, slots));
        for (int slot = 0; slot < slots; slot++) {
            frames[slot] = new Frame(this, 1);
            if (slot > 0) {
                // Its token tells the slot from now on; nobody holds it.
                frames[slot].beginHold(slot);
                frames[slot].release();
            }
        }
    }

    /** The frame to fill and put. */
    public Frame current() {
        return frames[current];
    }

    /** All slots' memory. */
    public MemorySegment memory() {
        return memory;
    }

    /** Where in {@link #memory} the current frame's bytes start. */
    public long frameOffset() {
        return (long) current * SLOT_BYTES + FRAME_AT;
    }

    /** Address of the current frame's first byte; there are 64 bytes of room before it. */
    public long frameAddress() {
        return memory.address() + frameOffset();
    }

    /** The current frame gets so many bytes of its slot, and nothing undone. */
    public Frame fill(int length) {
        Frame frame = frames[current];
        frame.clear();
        frame.add(memory, frameOffset(), length);
        return frame;
    }

    /** Whether the current frame was held since the last call, which made another one current. */
    public boolean takeHeld() {
        boolean was = held;
        held = false;
        return was;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // is it this very one
    public @Nullable Frame hold(Frame frame) {
        if (held) {
            return null;
        }
        Frame next = free.relaxedPoll();
        if (next == null) {
            return null;
        }
        Frame mine = frames[current];
        if (frame != mine) {
            // A view of it, changed on its way: the memory is mine's, and stays with it.
            mine.viewOf(frame);
        }
        mine.beginHold(current);
        current = next.token();
        held = true;
        return mine;
    }

    /**
     * Keeps the content of a frame whose memory is not this pool's by copying it.
     *
     * @return a frame of the pool with one reference; null when all are held
     */
    public @Nullable Frame holdCopy(Frame frame) {
        int length = frame.length();
        Frame mine = fill(length);
        frame.copyTo(0, memory, frameOffset(), length);
        mine.leaveUndoneAs(frame);
        Frame kept = hold(mine);
        held = false;
        return kept;
    }

    @Override
    public void released(Frame frame) {
        free.offer(frame);
    }
}
