package dev.ringside.virtio.net.port.stream;

import dev.ringside.shm.NativeBuffer;
import dev.ringside.shm.UnixSocket;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The bytes that came from a peer, taken apart into frames. Confined to one thread at a time. */
final class IncomingFrames implements AutoCloseable {
    static final int LENGTH_BYTES = 4;

    /** Many frames with one read; more than the kernel gives at once. */
    static final int BUFFER_BYTES = 256 << 10;

    static final ValueLayout.OfInt LENGTH =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int LONGEST = LENGTH_BYTES + Frame.MAX_BYTES;

    private final NativeBuffer buffer = NativeBuffer.allocate(BUFFER_BYTES, 64);
    private final MemorySegment memory = buffer.segment();
    private final Frame frame = new Frame(FrameKeeper.NONE, 1);
    private int start;
    private int end;
    private int runts;
    private boolean broken;

    /** Begins anew: another connection. */
    void reset() {
        start = 0;
        end = 0;
        broken = false;
    }

    /** What {@link #fill} reads at most now. */
    int space() {
        if (BUFFER_BYTES - end < LONGEST) {
            MemorySegment.copy(memory, start, memory, 0, end - start);
            end -= start;
            start = 0;
        }
        return BUFFER_BYTES - end;
    }

    /** Reads what is there: answers as {@link UnixSocket#receive(long, int)}. */
    int fill(UnixSocket socket) {
        int count = socket.receive(buffer.address() + end, space());
        if (count > 0) {
            end += count;
        }
        return count;
    }

    /** Whether a whole frame is here, or a length that none can have. */
    boolean hasFrame() {
        if (end - start < LENGTH_BYTES) {
            return false;
        }
        int length = memory.get(LENGTH, start);
        return length < 0 || length > Frame.MAX_BYTES || end - start - LENGTH_BYTES >= length;
    }

    /** Whether the peer sent a length that no frame has: what follows means nothing. */
    boolean broken() {
        return broken;
    }

    /** Frames too short to be any, since the last call: they were left out. */
    int takeRunts() {
        int count = runts;
        runts = 0;
        return count;
    }

    /**
     * Puts whole frames into a sink as long as it has room.
     *
     * @return how many it did not refuse
     */
    int deliver(FrameSink into, int most) {
        int done = 0;
        while (done < most && hasFrame()) {
            int length = memory.get(LENGTH, start);
            if (length < 0 || length > Frame.MAX_BYTES) {
                broken = true;
                break;
            }
            if (length < Frame.MIN_BYTES) {
                runts++;
            } else if (!put(into, length)) {
                break;
            }
            start += LENGTH_BYTES + length;
            done++;
        }
        if (start == end) {
            start = 0;
            end = 0;
        }
        return done;
    }

    private boolean put(FrameSink into, int length) {
        if (!into.hasRoom()) {
            return false;
        }
        frame.clear();
        frame.add(memory, start + LENGTH_BYTES, length);
        return into.put(frame) != Verdict.LATER;
    }

    @Override
    public void close() {
        frame.forget();
        buffer.close();
    }
}
