package dev.ringside.virtio.net.port.host;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.Errno;
import dev.ringside.shm.IoVectors;
import dev.ringside.shm.NativeBuffer;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.Verdict;

/**
 * Turns frames to what writev(2) takes, and what writev says to verdicts. The header is a private
 * copy; the bytes are written from where they lie, and the kernel checks the header against what it
 * got. One thread at a time; only the constructor allocates.
 */
public final class FrameWriter implements AutoCloseable {
    /** The kernel takes up to so many pieces (IOV_MAX). */
    private static final int MAX_PIECES = 1024;

    private final Counters<HostCounter> counters;
    private final int headerBytes;
    private final IoVectors pieces = IoVectors.allocate(MAX_PIECES);
    // The header, and behind it room for a frame of too many pieces.
    private final NativeBuffer buffer =
            NativeBuffer.allocate(VnetHeader.BYTES + Frame.MAX_BYTES, Long.BYTES);

    /**
     * A writer.
     *
     * @param headerBytes of the virtio_net_hdr: 12, 10, or 0 for none
     */
    public FrameWriter(Counters<HostCounter> counters, int headerBytes) {
        this.counters = counters;
        this.headerBytes = headerBytes;
    }

    /** The pieces to write: of the frame last prepared. */
    public IoVectors pieces() {
        return pieces;
    }

    /** Makes pieces of a frame. */
    public void prepare(Frame frame) {
        pieces.clear();
        if (headerBytes > 0) {
            VnetHeader.write(frame, buffer.segment());
            pieces.add(buffer.address(), headerBytes);
        }
        int extents = frame.extents();
        if (extents + 2 > MAX_PIECES) {
            frame.copyTo(0, buffer.segment(), VnetHeader.BYTES, frame.length());
            pieces.add(buffer.address() + VnetHeader.BYTES, frame.length());
            return;
        }
        if (frame.headBytes() > 0) {
            pieces.add(frame.headMemory().address() + frame.headOffset(), frame.headBytes());
        }
        for (int i = 0; i < extents; i++) {
            pieces.add(frame.address(i), frame.length(i));
        }
    }

    /**
     * Counts what became of the frame.
     *
     * @param result what writev answered
     */
    public Verdict verdict(Frame frame, int result) {
        counters.increment(HostCounter.WRITES);
        if (result >= 0) {
            counters.increment(HostCounter.TRANSMITTED);
            counters.add(HostCounter.TRANSMITTED_BYTES, frame.length());
            return Verdict.DONE;
        }
        if (result == -Errno.EAGAIN) {
            return Verdict.LATER;
        }
        counters.increment(reason(-result));
        return Verdict.DROPPED;
    }

    private static HostCounter reason(int errno) {
        return switch (errno) {
            case Errno.EIO, Errno.ENETDOWN -> HostCounter.DOWN;
            case Errno.EBADFD, Errno.ENXIO, Errno.ENODEV, Errno.ENOLINK -> HostCounter.GONE;
            case Errno.ENOBUFS -> HostCounter.QUEUE_FULL;
            case Errno.EMSGSIZE -> HostCounter.TOO_LONG;
            case Errno.EINVAL -> HostCounter.REFUSED;
            default -> HostCounter.OTHER_ERROR;
        };
    }

    @Override
    public void close() {
        pieces.close();
        buffer.close();
    }
}
