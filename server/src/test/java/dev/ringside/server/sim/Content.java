package dev.ringside.server.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a sector holds, as one number: 0 for zeroes, else a request's id and the sector's number,
 * from which every word of the sector follows. So a sector that is torn, comes from somewhere else
 * or lies at another place is told from a right one.
 */
final class Content {
    static final int SECTOR_BYTES = 512;
    static final long ZEROES = 0;

    private static final long MIX = 0x9e37_79b9_7f4a_7c15L;
    private static final int SECTOR_BITS = 8;
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

    private Content() {}

    /** What request {@code id} writes to a sector. */
    static long of(final long id, final int sector) {
        return id << SECTOR_BITS | sector;
    }

    static long id(final long value) {
        return value >>> SECTOR_BITS;
    }

    static void fill(final MemorySegment segment, final long at, final long value) {
        long word = value;
        final long step = value == ZEROES ? 0 : MIX;
        for (long i = 0; i < SECTOR_BYTES; i += Long.BYTES) {
            segment.set(WORD, at + i, word);
            word += step;
        }
    }

    /** The value of a whole sector that belongs at {@code sector}. */
    static long parse(final MemorySegment segment, final long at, final int sector) {
        final long value = segment.get(WORD, at);
        final long step = value == ZEROES ? 0 : MIX;
        long word = value;
        long difference = 0;
        for (long i = 0; i < SECTOR_BYTES; i += Long.BYTES) {
            difference |= segment.get(WORD, at + i) ^ word;
            word += step;
        }
        if (difference != 0) {
            throw new SimFailure("sector " + sector + " is torn or no sector at all");
        }
        if (value != ZEROES && (value & ((1 << SECTOR_BITS) - 1)) != sector) {
            throw new SimFailure("sector " + sector + " holds " + describe(value));
        }
        return value;
    }

    static String describe(final long value) {
        return value == ZEROES
                ? "zeroes"
                : "write " + id(value) + " of sector " + (value & ((1 << SECTOR_BITS) - 1));
    }
}
