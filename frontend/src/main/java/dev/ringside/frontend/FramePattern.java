package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Frames of which every byte follows from a sequence number and a length: Ethernet header, sequence
 * number, check word, then words that differ from place to place, so that a byte that is changed,
 * moved, missing or too many shows.
 *
 * <p>Allocates nothing; any thread.
 */
final class FramePattern {
    /** The least frame that carries a sequence number. */
    static final int NUMBERED_BYTES = NetSpec.ETHERNET_HEADER_BYTES + Long.BYTES;

    /** The least frame that can be verified. */
    static final int VERIFIED_BYTES = NUMBERED_BYTES + Long.BYTES;

    /** What {@link #verify} says of a frame that is not as it was written. */
    static final long ALTERED = -1;

    private static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

    // Locally administered addresses; the type is the first one of those for experiments (88b5).
    private static final byte[] ETHERNET = {
        0x02, 0x52, 0x53, 0, 0, 2, 0x02, 0x52, 0x53, 0, 0, 1, (byte) 0x88, (byte) 0xb5
    };
    private static final long ETHERNET_WORD0 = word(ETHERNET, 0);
    private static final long ETHERNET_WORD6 = word(ETHERNET, 6);
    private static final long STEP = 0x9e37_79b9_7f4a_7c15L;

    private final long seed;

    FramePattern(final long seed) {
        this.seed = seed;
    }

    private static long word(final byte[] bytes, final int at) {
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value |= (bytes[at + i] & 0xffL) << (Byte.SIZE * i);
        }
        return value;
    }

    private long check(final long sequence, final int length) {
        long x = (sequence * STEP) ^ seed ^ ((long) length << 48);
        x = (x ^ (x >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
        x = (x ^ (x >>> 27)) * 0x94d0_49bb_1331_11ebL;
        return x ^ (x >>> 31);
    }

    /** Writes the Ethernet header, as much of it as fits. */
    static void ethernet(final MemorySegment at, final long offset, final int length) {
        final int n = Math.min(length, ETHERNET.length);
        MemorySegment.copy(ETHERNET, 0, at, JAVA_BYTE, offset, n);
    }

    /** Writes only the sequence number of a frame whose other bytes do not matter. */
    static void number(final MemorySegment at, final long offset, final long sequence) {
        at.set(LE64, offset + NetSpec.ETHERNET_HEADER_BYTES, sequence);
    }

    /** The sequence number of a frame. */
    static long number(final MemorySegment at, final long offset) {
        return at.get(LE64, offset + NetSpec.ETHERNET_HEADER_BYTES);
    }

    /** Writes a whole frame of at least {@link #VERIFIED_BYTES}. */
    void write(final MemorySegment at, final long offset, final int length, final long sequence) {
        ethernet(at, offset, length);
        number(at, offset, sequence);
        final long check = check(sequence, length);
        long word = check;
        long position = offset + NUMBERED_BYTES;
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
        if (length < VERIFIED_BYTES) {
            return ALTERED;
        }
        final long sequence = number(at, offset);
        long differences =
                (at.get(LE64, offset) ^ ETHERNET_WORD0)
                        | (at.get(LE64, offset + 6) ^ ETHERNET_WORD6);
        long word = check(sequence, length);
        long position = offset + NUMBERED_BYTES;
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
