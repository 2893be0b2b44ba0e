package dev.ringside.virtio.blk.backend;

/**
 * What does not change about a backend while it is open.
 *
 * @param logicalBlockSize the smallest unit of good performance, bytes: a power of two, at least
 *     512
 * @param physicalBlockSize what the medium writes at once, bytes: a power of two, at least {@code
 *     logicalBlockSize}
 * @param readOnly writes are refused
 * @param writeThrough a write that completed is on the medium: there is nothing to flush
 * @param inOrder requests complete in the order of their submission
 * @param discard {@link BlockOperation#DISCARD} does something
 * @param discardGranularity unit of discarding, bytes: a power of two, at least 512
 * @param writeZeroes {@link BlockOperation#WRITE_ZEROES} works
 * @param writeZeroesMayUnmap writing zeroes may free the space
 * @param secureErase {@link BlockOperation#SECURE_ERASE} works
 */
public record BlockTraits(
        int logicalBlockSize,
        int physicalBlockSize,
        boolean readOnly,
        boolean writeThrough,
        boolean inOrder,
        boolean discard,
        int discardGranularity,
        boolean writeZeroes,
        boolean writeZeroesMayUnmap,
        boolean secureErase) {
    /** The unit of offsets and lengths in virtio-blk, bytes. */
    public static final int SECTOR_BYTES = 512;

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException when a size is not a power of two or out of order
     */
    public BlockTraits {
        requireBlockSize("logical block size", logicalBlockSize);
        requireBlockSize("physical block size", physicalBlockSize);
        requireBlockSize("discard granularity", discardGranularity);
        if (physicalBlockSize < logicalBlockSize) {
            throw new IllegalArgumentException(
                    "physical block size "
                            + physicalBlockSize
                            + " is smaller than the logical block size "
                            + logicalBlockSize);
        }
    }

    private static void requireBlockSize(String what, int bytes) {
        if (bytes < SECTOR_BYTES || Integer.bitCount(bytes) != 1) {
            throw new IllegalArgumentException(
                    what + " " + bytes + ": a power of two from 512 on is needed");
        }
    }
}
