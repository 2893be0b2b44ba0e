package dev.ringside.virtio.net;

import dev.ringside.shm.HeadedCopies;
import dev.ringside.shm.Ranges;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Writes frames to the buffers of a receiveq (section 5.1.6.4): all into one chain, or into several
 * when buffers are mergeable. Confined to the queue's shard.
 */
final class ReceiveBuffers {
    /** Answer of {@link #write}: not enough buffers now, or too many bad ones. */
    static final int SHORT_OF_BUFFERS = 0;

    /** Answer of {@link #write}: the next buffer is too small. */
    static final int TOO_SMALL = -1;

    /** Answer of {@link #write}: all the buffers that the ring can hold are too small. */
    static final int TOO_MANY = -2;

    /** Most buffers that are given back empty for one frame, so that a turn has an end. */
    static final int MOST_BAD = 32;

    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Virtqueue queue;
    private final int headerBytes;
    private final boolean mergeable;
    private final DescriptorChain chain;
    private final ReceiveBurst burst;
    private final ReceiveWindow window;
    private final ReceiveHeader headers = new ReceiveHeader();
    private final MemorySegment header = MemorySegment.ofArray(new byte[NetSpec.HASH_HEADER_BYTES]);
    private boolean sayValid;
    private int badBuffers;

    ReceiveBuffers(Virtqueue queue, long features) {
        this.queue = queue;
        headerBytes = NetFeature.headerBytes(features);
        mergeable = NetFeature.has(features, NetSpec.VIRTIO_NET_F_MRG_RXBUF);
        chain = new DescriptorChain(queue.maxChainEntries());
        burst = new ReceiveBurst(queue);
        window = new ReceiveWindow(queue);
        queue.fetchAhead(QueueSetup.BYTES_AHEAD, true);
    }

    /** Whether the driver wants to know that a checksum was verified. */
    void sayValid(boolean value) {
        sayValid = value;
    }

    /** The hash of the frame that is written next, for headers that have one. */
    void hash(int value, int report) {
        header.set(INT, NetSpec.HEADER_HASH_VALUE, value);
        header.set(INT, NetSpec.HEADER_HASH_REPORT, report);
    }

    /**
     * Writes a frame and completes its chains.
     *
     * @return how many chains it took; or why it took none, as a number that is not positive
     */
    int write(Frame frame) {
        int length = frame.length();
        int total = headerBytes + length;
        if (window.chains() != 0 || !queue.next(chain)) {
            return gather(frame, total);
        }
        int first = chain.readableCount();
        if (chain.writableBytes() == 0
                || chain.length(first) < total
                || headerBytes != NetSpec.HEADER_BYTES) {
            window.add(chain);
            return gather(frame, total);
        }
        writeTo(chain.segment(first), chain.offset(first), frame, length);
        queue.complete(chain.head(), total, total);
        return 1;
    }

    /**
     * Writes plain frames ({@link FrameSink#putPlain}) to a chain each and completes those.
     *
     * @param longest the most bytes of a frame
     * @return how many of the first were written: the next one is to be written by itself
     */
    int writePlain(Ranges frames, int longest) {
        return headerBytes == HeadedCopies.HEAD_BYTES && window.chains() == 0
                ? burst.write(frames, longest)
                : 0;
    }

    /** The common case: everything goes to one place. */
    private void writeTo(MemorySegment into, long at, Frame frame, int length) {
        into.set(LONG, at, headers.firstWord(frame, sayValid));
        into.set(INT, at + Long.BYTES, lastWord(frame, 1));
        long behind = at + NetSpec.HEADER_BYTES;
        if (frame.headBytes() == 0 && frame.extents() == 1) {
            MemorySegment.copy(frame.segment(0), frame.offset(0), into, behind, length);
        } else {
            frame.copyTo(0, into, behind, length);
        }
    }

    /** {@code csum_offset} and {@code num_buffers}. */
    private static int lastWord(Frame frame, int buffers) {
        return buffers << Short.SIZE | (frame.checksumNeeded() ? frame.checksumOffset() : 0);
    }

    /** Takes chains until there is room for so many bytes, then writes them. */
    private int gather(Frame frame, int total) {
        int bad = 0;
        while (window.bytes() < total || window.firstBytes() < headerBytes) {
            if (window.chains() != 0 && window.firstBytes() < headerBytes) {
                window.completeFirstEmpty();
                badBuffers++;
                if (++bad == MOST_BAD) {
                    return SHORT_OF_BUFFERS;
                }
                continue;
            }
            if (!mergeable && window.chains() != 0) {
                return TOO_SMALL;
            }
            if (!queue.next(chain)) {
                return window.chains() == queue.size() ? TOO_MANY : SHORT_OF_BUFFERS;
            }
            if (!window.add(chain)) {
                queue.giveBack(chain.head());
                return TOO_MANY;
            }
        }
        int buffers = window.chainsFor(total);
        header.set(LONG, 0, headers.firstWord(frame, sayValid));
        header.set(INT, Long.BYTES, lastWord(frame, buffers));
        window.deliver(header, headerBytes, frame);
        return buffers;
    }

    /** Buffers that were given back empty since the last call: they hold no header. */
    int takeBadBuffers() {
        int count = badBuffers;
        badBuffers = 0;
        return count;
    }

    /** Whether buffers were taken that wait for a frame. */
    boolean holdsAny() {
        return window.chains() != 0;
    }

    /** Gives the buffers that wait back to the ring. */
    void giveBack() {
        window.giveBack();
    }

    /** Lets go of guest memory. No buffers wait. */
    void forget() {
        chain.clear();
        burst.forget();
        window.forget();
    }
}
