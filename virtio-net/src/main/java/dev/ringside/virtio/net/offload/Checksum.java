package dev.ringside.virtio.net.offload;

import dev.ringside.virtio.net.frame.Frame;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * The Internet checksum (RFC 1071) of ranges of a frame. Any thread that may read the frame.
 *
 * <p>A sum does not depend on the order of bytes within words, but for one swap at the end: so
 * eight bytes are added at a time in the order that the processor likes.
 */
public final class Checksum {
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long LOW = 0xffffffffL;

    private Checksum() {}

    /**
     * The sum of a frame's big-endian 16-bit words, not yet complemented; an odd last byte counts
     * as if a zero followed. Every byte is read once.
     *
     * @param from the first byte's place in the frame
     * @return 0 to 0xffff; 0 only when all bytes are 0
     * @throws IndexOutOfBoundsException when they are not all in the frame
     */
    public static int of(Frame frame, int from, int count) {
        Objects.checkFromIndexSize(from, count, frame.length());
        int skip = from;
        int left = count;
        long sum = 0;
        if (skip < frame.headBytes()) {
            int piece = Math.min(left, frame.headBytes() - skip);
            sum = partial(frame.headMemory(), frame.headOffset() + skip, piece);
            left -= piece;
            skip = 0;
        } else {
            skip -= frame.headBytes();
        }
        for (int i = 0; left > 0; i++) {
            int length = frame.length(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            int piece = Math.min(left, length - skip);
            int part = partial(frame.segment(i), frame.offset(i) + skip, piece);
            // Behind an odd number of bytes, what looks like a word's low byte is its high one.
            sum += ((count - left) & 1) == 0 ? part : swap(part);
            left -= piece;
            skip = 0;
        }
        return swap(fold(sum));
    }

    /** The same sum of memory. */
    public static int of(MemorySegment memory, long offset, int count) {
        return swap(partial(memory, offset, count));
    }

    /**
     * Computes the checksum that a frame needs, and puts it where it belongs. As Linux does, 0xffff
     * takes the place of 0, which for UDP would say that there is none; to all others both are the
     * same.
     *
     * <p>A field that is not within the first {@value Frame#MAX_HEAD_BYTES} bytes is refused: no
     * network's headers are that long, and a copy of 64 KiB would serve nobody but a hostile guest.
     *
     * @param frame one that is not {@link Frame#shared()}
     * @return false when the field is not in the frame, or too far behind; then nothing changed
     */
    public static boolean complete(Frame frame) {
        int start = frame.checksumStart();
        int at = start + frame.checksumOffset();
        // A tag that was taken out may have moved a hostile start before the frame.
        if (start < 0 || at < start || !frame.pull(at + 2)) {
            return false;
        }
        frame.setHeadShort(at, notZero(~of(frame, start, frame.length() - start)));
        frame.checksumDone();
        return true;
    }

    /** 0xffff for a checksum of 0, which in UDP means that there is none (RFC 768). */
    static int notZero(int checksum) {
        int value = checksum & 0xffff;
        return value == 0 ? 0xffff : value;
    }

    /** Adds up 16-bit words with the carry going round. */
    static int fold(long sum) {
        long folded = (sum & LOW) + (sum >>> 32);
        folded = (folded & 0xffff) + (folded >>> 16 & 0xffff) + (folded >>> 32);
        folded = (folded & 0xffff) + (folded >>> 16);
        return (int) ((folded & 0xffff) + (folded >>> 16));
    }

    private static int swap(int word) {
        return (word << 8 | word >>> 8) & 0xffff;
    }

    /** The sum of little-endian words. Halves are added apart, so that no carry gets lost. */
    private static int partial(MemorySegment memory, long offset, int count) {
        long low = 0;
        long high = 0;
        int at = 0;
        for (int end = count - 7; at < end; at += 8) {
            long value = memory.get(LONG, offset + at);
            low += value & LOW;
            high += value >>> 32;
        }
        if ((count & 4) != 0) {
            low += memory.get(INT, offset + at) & LOW;
            at += 4;
        }
        if ((count & 2) != 0) {
            low += memory.get(SHORT, offset + at) & 0xffff;
            at += 2;
        }
        if ((count & 1) != 0) {
            low += memory.get(ValueLayout.JAVA_BYTE, offset + at) & 0xff;
        }
        return fold(low + high);
    }
}
