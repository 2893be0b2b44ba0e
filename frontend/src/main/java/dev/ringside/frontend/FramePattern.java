package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Frames of which every byte follows from a sequence number and a length: header, sequence number,
 * check word, then words that differ from place to place, so that a byte that is changed, moved,
 * missing or too many shows.
 *
 * <p>Allocates nothing; any thread.
 */
final class FramePattern {
    /** What {@link #verify} says of a frame that is not as it was written. */
    static final long ALTERED = -1;

    private static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final long STEP = 0x9e37_79b9_7f4a_7c15L;

    private final long seed;
    private final FrameHeader header;

    /**
     * @param flows of UDP over IPv4; 0: an Ethernet header only
     */
    FramePattern(final long seed, final int flows) {
        this.seed = seed;
        this.header = new FrameHeader(flows);
    }

    /** The least frame that carries a sequence number. */
    int numberedBytes() {
        return header.bytes() + Long.BYTES;
    }

    /** The least frame that can be verified. */
    int verifiedBytes() {
        return numberedBytes() + Long.BYTES;
    }

    private long check(final long sequence, final int length) {
        long x = (sequence * STEP) ^ seed ^ ((long) length << 48);
        x = (x ^ (x >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
        x = (x ^ (x >>> 27)) * 0x94d0_49bb_1331_11ebL;
        return x ^ (x >>> 31);
    }

    /** The header, for frames whose other bytes do not matter. */
    FrameHeader header() {
        return header;
    }

    /** Writes only the sequence number of such a frame. */
    void number(final MemorySegment at, final long offset, final long sequence) {
        at.set(LE64, offset + header.bytes(), sequence);
    }

    /** The sequence number of a frame. */
    long number(final MemorySegment at, final long offset) {
        return at.get(LE64, offset + header.bytes());
    }

    /** Writes a whole frame of at least {@link #verifiedBytes}. */
    void write(final MemorySegment at, final long offset, final int length, final long sequence) {
        header.write(at, offset, length, sequence);
        number(at, offset, sequence);
        final long check = check(sequence, length);
        long word = check;
        long position = offset + numberedBytes();
        final long end = offset + length;
        for (; position <= end - Long.BYTES; position += Long.BYTES) {
            at.set(LE64, position, word);
            word += STEP;
        }
        for (; position < end; position++) {
            at.set(JAVA_BYTE, position, (byte) word);
            word >>>= Byte.SIZE;
        }
    }

    /** The sequence number of a frame that is as {@link #write} wrote it, else {@link #ALTERED}. */
    long verify(final MemorySegment at, final long offset, final int length) {
        if (length < verifiedBytes()) {
            return ALTERED;
        }
        final long sequence = number(at, offset);
        long differences = header.differences(at, offset, length, sequence);
        long word = check(sequence, length);
        long position = offset + numberedBytes();
        final long end = offset + length;
        for (; position <= end - Long.BYTES; position += Long.BYTES) {
            differences |= at.get(LE64, position) ^ word;
            word += STEP;
        }
        for (; position < end; position++) {
            differences |= (at.get(JAVA_BYTE, position) ^ word) & 0xff;
            word >>>= Byte.SIZE;
        }
        return differences == 0 && sequence >= 0 ? sequence : ALTERED;
    }
}
