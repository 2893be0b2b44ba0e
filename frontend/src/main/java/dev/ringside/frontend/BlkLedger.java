package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * What a verifying load knows of the disk: for each block of a range, which generation of the
 * pattern was acknowledged last. It outlives a {@link BlkLoad}, so that what one run wrote is
 * checked by the next, also over another connection. One thread at a time.
 */
public final class BlkLedger {
    private static final long MIX = 0x9e37_79b9_7f4a_7c15L;
    private static final int UNKNOWN = 0;

    private final long firstSector;
    private final int blockBytes;
    private final long seed;
    private final int blocks;
    private final int[] generations;

    /** Nothing is known of {@code blocks} blocks of {@code blockBytes} from a sector on. */
    public BlkLedger(
            final long firstSector, final int blocks, final int blockBytes, final long seed) {
        this(firstSector, blocks, blockBytes, seed, true);
    }

    /** One that never knows anything needs no memory, however large the disk is. */
    BlkLedger(
            final long firstSector,
            final int blocks,
            final int blockBytes,
            final long seed,
            final boolean knows) {
        this.firstSector = firstSector;
        this.blocks = blocks;
        this.blockBytes = blockBytes;
        this.seed = seed;
        this.generations = new int[knows ? blocks : 0];
    }

    /** How many blocks there are. */
    public int blocks() {
        return blocks;
    }

    /** Bytes of a block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** The first sector of the range. */
    public long firstSector() {
        return firstSector;
    }

    /** How many blocks have known content. */
    public int known() {
        int count = 0;
        for (final int generation : generations) {
            count += generation == UNKNOWN ? 0 : 1;
        }
        return count;
    }

    /** The generation that the next write of a block shall have. */
    int nextGeneration(final int block) {
        final int next = generations[block] + 1;
        return next == UNKNOWN ? 1 : next;
    }

    /** The device acknowledged a write. */
    void acknowledge(final int block, final int generation) {
        generations[block] = generation;
    }

    /** A write's fate is unknown: it failed, or the connection ended before its answer. */
    void forget(final int block) {
        if (block < generations.length) {
            generations[block] = UNKNOWN;
        }
    }

    /** Fills a buffer with a block's pattern. */
    void fill(final MemorySegment data, final int block, final int generation) {
        long word = first(block, generation);
        for (long at = 0; at < blockBytes; at += Long.BYTES) {
            data.set(JAVA_LONG_UNALIGNED, at, word);
            word += MIX;
        }
    }

    /** Whether a buffer holds what was acknowledged last; true when that is unknown. */
    boolean matches(final MemorySegment data, final int block) {
        if (generations[block] == UNKNOWN) {
            return true;
        }
        long word = first(block, generations[block]);
        long difference = 0;
        for (long at = 0; at < blockBytes; at += Long.BYTES) {
            difference |= data.get(JAVA_LONG_UNALIGNED, at) ^ word;
            word += MIX;
        }
        return difference == 0;
    }

    private long first(final int block, final int generation) {
        long z = seed + block * MIX + ((long) generation << 32);
        z = (z ^ (z >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
        return z ^ (z >>> 31);
    }
}
