package dev.ringside.virtio.net.port.stream;

import dev.ringside.shm.Errno;
import dev.ringside.shm.IoVectors;
import dev.ringside.shm.NativeBuffer;
import dev.ringside.shm.UnixSocket;
import dev.ringside.virtio.net.frame.Frame;
import java.lang.foreign.MemorySegment;

/**
 * The bytes on their way to a peer. Small frames are gathered in a buffer of our own and go out
 * together; a large one goes out from where it lies, and only what the peer did not take of it is
 * copied. Either way nothing refers to a frame's memory after the call: nobody has to hold it.
 * Confined to one thread at a time.
 */
final class OutgoingFrames implements AutoCloseable {
    static final int BUFFER_BYTES = 256 << 10;

    /** From here on a system call costs less than a copy. */
    static final int LARGE_BYTES = 4096;

    private static final int LENGTH_BYTES = IncomingFrames.LENGTH_BYTES;
    private static final int LONGEST = LENGTH_BYTES + Frame.MAX_BYTES;
    private static final int MAX_PIECES = 256;

    private final NativeBuffer buffer = NativeBuffer.allocate(BUFFER_BYTES, 64);
    private final MemorySegment memory = buffer.segment();
    private final NativeBuffer length = NativeBuffer.allocate(LENGTH_BYTES, LENGTH_BYTES);
    private final IoVectors pieces = IoVectors.allocate(MAX_PIECES);
    private int start;
    private int end;

    /** Begins anew: another connection. */
    void reset() {
        start = 0;
        end = 0;
    }

    /** Whether the buffer is empty. */
    boolean isEmpty() {
        return start == end;
    }

    /** Whether the longest frame fits the buffer. */
    boolean hasRoom() {
        return BUFFER_BYTES - (end - start) >= LONGEST;
    }

    /** Whether a frame should go out from where it lies, and can. */
    static boolean isLarge(Frame frame) {
        return frame.length() >= LARGE_BYTES && frame.extents() <= MAX_PIECES - 3;
    }

    /** Copies a frame into the buffer, which {@link #hasRoom}. */
    void store(Frame frame) {
        int bytes = frame.length();
        makeRoom(LENGTH_BYTES + bytes);
        memory.set(IncomingFrames.LENGTH, end, bytes);
        frame.copyTo(0, memory, end + LENGTH_BYTES, bytes);
        end += LENGTH_BYTES + bytes;
    }

    private void makeRoom(int bytes) {
        if (BUFFER_BYTES - end < bytes) {
            MemorySegment.copy(memory, start, memory, 0, end - start);
            end -= start;
            start = 0;
        }
    }

    /**
     * Writes the buffer.
     *
     * @return 0: all went out; -EAGAIN: not all did; or another negative error number
     */
    int write(UnixSocket socket) {
        int pending = end - start;
        pieces.clear();
        pieces.add(buffer.address() + start, pending);
        int sent = socket.send(pieces);
        if (sent < 0) {
            return sent;
        }
        start += sent;
        if (start != end) {
            return -Errno.EAGAIN;
        }
        reset();
        return 0;
    }

    /**
     * Writes the buffer and then a frame from where it lies. What the peer did not take is in the
     * buffer afterwards, which {@link #hasRoom}.
     *
     * @return as {@link #write}
     */
    int writeWith(UnixSocket socket, Frame frame) {
        int pending = end - start;
        int bytes = frame.length();
        pieces.clear();
        if (pending > 0) {
            pieces.add(buffer.address() + start, pending);
        }
        length.segment().set(IncomingFrames.LENGTH, 0, bytes);
        pieces.add(length.address(), LENGTH_BYTES);
        if (frame.headBytes() > 0) {
            pieces.add(frame.headMemory().address() + frame.headOffset(), frame.headBytes());
        }
        for (int i = 0; i < frame.extents(); i++) {
            pieces.add(frame.address(i), frame.length(i));
        }
        int sent = socket.send(pieces);
        if (sent == -Errno.EFAULT) {
            sent = 0; // memory that a front-end took away: a copy reads what is there instead
        }
        if (sent < 0 && sent != -Errno.EAGAIN) {
            return sent;
        }
        sent = Math.max(sent, 0);
        if (sent == pending + LENGTH_BYTES + bytes) {
            reset();
            return 0;
        }
        keepRest(frame, pending, sent);
        return -Errno.EAGAIN;
    }

    private void keepRest(Frame frame, int pending, int sent) {
        if (sent <= pending) {
            start += sent;
            store(frame);
            return;
        }
        reset();
        store(frame);
        start = sent - pending;
    }

    @Override
    public void close() {
        buffer.close();
        length.close();
        pieces.close();
    }
}
