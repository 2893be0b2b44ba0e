package dev.ringside.virtio.net;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Receive buffers that were taken off the ring and not used yet, in their order: the ones that a
 * frame is being written to, or that wait until there are enough for it. Flat arrays, made once.
 */
final class ReceiveWindow {
    /**
     * Entries for which there is room in any case. With indirect tables a frame may lie in many
     * more pieces than the ring has descriptors; this is one for every 16 bytes of the longest.
     */
    private static final int LEAST_ENTRIES = 4096;

    private final Virtqueue queue;

    // By chain.
    private final int[] heads;
    private final int[] chainBytes;

    /** The entries of chain i are those from {@code starts[i]} to before {@code starts[i + 1]}. */
    private final int[] starts;

    // By entry.
    private final MemorySegment[] segments;
    private final long[] offsets;
    private final int[] lengths;

    private int chains;
    private long bytes;

    ReceiveWindow(Virtqueue queue) {
        this.queue = queue;
        int entries = Math.max(LEAST_ENTRIES, queue.size() + queue.maxChainEntries());
        heads = new int[queue.size()];
        chainBytes = new int[queue.size()];
        starts = new int[queue.size() + 1];
        segments = new MemorySegment[entries];
        Arrays.fill(segments, MemorySegment.NULL);
        offsets = new long[entries];
        lengths = new int[entries];
    }

    /** How many chains it holds. */
    int chains() {
        return chains;
    }

    /** Room in all of them, in bytes. */
    long bytes() {
        return bytes;
    }

    /** Room in the first one, in bytes. */
    int firstBytes() {
        return chainBytes[0];
    }

    /**
     * Appends the chain that was taken last.
     *
     * @return false when its entries do not fit: then nothing changed
     */
    boolean add(DescriptorChain chain) {
        int at = starts[chains];
        int count = chain.count() - chain.readableCount();
        if (count > lengths.length - at) {
            return false;
        }
        for (int i = chain.readableCount(); i < chain.count(); i++, at++) {
            segments[at] = chain.segment(i);
            offsets[at] = chain.offset(i);
            lengths[at] = chain.length(i);
        }
        heads[chains] = chain.head();
        chainBytes[chains] = (int) Math.min(chain.writableBytes(), Integer.MAX_VALUE);
        bytes += chainBytes[chains];
        chains++;
        starts[chains] = at;
        return true;
    }

    /** How many of the chains are needed for so many bytes; they have room for them. */
    int chainsFor(int total) {
        int count = 0;
        for (int left = total; left > 0; count++) {
            left -= Math.min(left, chainBytes[count]);
        }
        return count;
    }

    /**
     * Writes a header and a frame to the first chains, completes those, and drops them. When
     * writing fails all chains are still here, to be given back.
     */
    void deliver(MemorySegment header, int headerBytes, Frame frame) {
        int total = headerBytes + frame.length();
        int used = chainsFor(total);
        int done = 0;
        for (int i = 0; i < used; i++) {
            for (int entry = starts[i]; entry < starts[i + 1] && done < total; entry++) {
                int piece = Math.min(lengths[entry], total - done);
                write(header, headerBytes, frame, done, segments[entry], offsets[entry], piece);
                done += piece;
            }
        }
        int left = total;
        for (int i = 0; i < used; i++) {
            int written = Math.min(left, chainBytes[i]);
            queue.complete(heads[i], written, written);
            left -= written;
        }
        remove(used);
    }

    /** Copies {@code count} bytes, from {@code position} of header and frame together. */
    private static void write(
            MemorySegment header,
            int headerBytes,
            Frame frame,
            int position,
            MemorySegment into,
            long at,
            int count) {
        int piece = 0;
        if (position < headerBytes) {
            piece = Math.min(count, headerBytes - position);
            for (int i = 0; i < piece; i++) {
                into.set(
                        ValueLayout.JAVA_BYTE,
                        at + i,
                        header.get(ValueLayout.JAVA_BYTE, position + i));
            }
        }
        if (count > piece) {
            frame.copyTo(position + piece - headerBytes, into, at + piece, count - piece);
        }
    }

    /** Completes the first chain without a byte in it. */
    void completeFirstEmpty() {
        queue.complete(heads[0], 0, 0);
        remove(1);
    }

    /** Makes all chains available again, the last one first. Empty also when that fails. */
    void giveBack() {
        int count = chains;
        chains = 0;
        bytes = 0;
        for (int i = count - 1; i >= 0; i--) {
            queue.giveBack(heads[i]);
        }
    }

    /** Lets go of guest memory. It is empty. */
    void forget() {
        Arrays.fill(segments, MemorySegment.NULL);
    }

    private void remove(int count) {
        for (int i = 0; i < count; i++) {
            bytes -= chainBytes[i];
        }
        if (count == chains) {
            chains = 0;
            return;
        }
        int left = chains - count;
        int from = starts[count];
        int entries = starts[chains] - from;
        System.arraycopy(segments, from, segments, 0, entries);
        System.arraycopy(offsets, from, offsets, 0, entries);
        System.arraycopy(lengths, from, lengths, 0, entries);
        System.arraycopy(heads, count, heads, 0, left);
        System.arraycopy(chainBytes, count, chainBytes, 0, left);
        for (int i = 0; i <= left; i++) {
            starts[i] = starts[count + i] - from;
        }
        chains = left;
    }
}
