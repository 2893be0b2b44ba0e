package dev.ringside.frontend;

/**
 * What a {@link BlkLoad} does.
 *
 * @param random random blocks, or one after the other
 * @param readPercent share of reads: 100 reads only, 0 writes only
 * @param blockBytes bytes of a request; a multiple of 512
 * @param depth requests in flight on each queue
 * @param polled spin for used buffers and ask for no calls; otherwise sleep until called
 * @param durationNs ends after so long; 0: no limit
 * @param requests ends after so many; 0: no limit
 * @param firstSector where the used range of the disk begins
 * @param rangeBytes its length; 0: up to the disk's end
 * @param verify writes carry a pattern and reads are compared with it
 * @param indirect one indirect descriptor for each request
 * @param seed of the order and the pattern
 * @param stallNs fails when nothing comes back for so long
 */
public record LoadOptions(
        boolean random,
        int readPercent,
        int blockBytes,
        int depth,
        boolean polled,
        long durationNs,
        long requests,
        long firstSector,
        long rangeBytes,
        boolean verify,
        boolean indirect,
        long seed,
        long stallNs) {

    private static final long DEFAULT_STALL_NS = 20_000_000_000L;

    /** Rejects what makes no sense. */
    public LoadOptions {
        if (readPercent < 0 || readPercent > 100) {
            throw new IllegalArgumentException("read share " + readPercent + " % is not 0 to 100");
        }
        if (blockBytes <= 0 || blockBytes % BlkSpec.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException(
                    "block size " + blockBytes + " is not a multiple of 512");
        }
        if (depth < 1 || depth > VirtioSpec.MAX_QUEUE_SIZE) {
            throw new IllegalArgumentException("depth " + depth + " is not 1 to 32768");
        }
    }

    /** Random 4 KiB reads, polled, until stopped. */
    public static LoadOptions randomRead(final int depth) {
        return new LoadOptions(
                true, 100, 4096, depth, true, 0, 0, 0, 0, false, false, 1, DEFAULT_STALL_NS);
    }

    /** Random 4 KiB writes, polled, until stopped. */
    public static LoadOptions randomWrite(final int depth) {
        return randomRead(depth).readPercent(0);
    }

    /** Random 4 KiB reads and writes, half and half, verified, sleeping between, until stopped. */
    public static LoadOptions verified(final int depth) {
        return new LoadOptions(
                true, 50, 4096, depth, false, 0, 0, 0, 0, true, false, 1, DEFAULT_STALL_NS);
    }

    /** In another order. */
    public LoadOptions random(final boolean value) {
        return new LoadOptions(
                value,
                readPercent,
                blockBytes,
                depth,
                polled,
                durationNs,
                requests,
                firstSector,
                rangeBytes,
                verify,
                indirect,
                seed,
                stallNs);
    }

    /** With another share of reads. */
    public LoadOptions readPercent(final int value) {
        return new LoadOptions(
                random,
                value,
                blockBytes,
                depth,
                polled,
                durationNs,
                requests,
                firstSector,
                rangeBytes,
                verify,
                indirect,
                seed,
                stallNs);
    }

    /** With another block size. */
    public LoadOptions blockBytes(final int value) {
        return new LoadOptions(
                random,
                readPercent,
                value,
                depth,
                polled,
                durationNs,
                requests,
                firstSector,
                rangeBytes,
                verify,
                indirect,
                seed,
                stallNs);
    }

    /** Polled or called. */
    public LoadOptions polled(final boolean value) {
        return new LoadOptions(
                random,
                readPercent,
                blockBytes,
                depth,
                value,
                durationNs,
                requests,
                firstSector,
                rangeBytes,
                verify,
                indirect,
                seed,
                stallNs);
    }

    /** For so long. */
    public LoadOptions durationNs(final long value) {
        return new LoadOptions(
                random,
                readPercent,
                blockBytes,
                depth,
                polled,
                value,
                requests,
                firstSector,
                rangeBytes,
                verify,
                indirect,
                seed,
                stallNs);
    }

    /** For so many requests. */
    public LoadOptions requests(final long value) {
        return new LoadOptions(
                random,
                readPercent,
                blockBytes,
                depth,
                polled,
                durationNs,
                value,
                firstSector,
                rangeBytes,
                verify,
                indirect,
                seed,
                stallNs);
    }

    /** On a part of the disk. */
    public LoadOptions range(final long sector, final long bytes) {
        return new LoadOptions(
                random,
                readPercent,
                blockBytes,
                depth,
                polled,
                durationNs,
                requests,
                sector,
                bytes,
                verify,
                indirect,
                seed,
                stallNs);
    }

    /** Verified or not. */
    public LoadOptions verify(final boolean value) {
        return new LoadOptions(
                random,
                readPercent,
                blockBytes,
                depth,
                polled,
                durationNs,
                requests,
                firstSector,
                rangeBytes,
                value,
                indirect,
                seed,
                stallNs);
    }

    /** With indirect descriptors; the driver must have tables of 3 entries. */
    public LoadOptions indirect(final boolean value) {
        return new LoadOptions(
                random,
                readPercent,
                blockBytes,
                depth,
                polled,
                durationNs,
                requests,
                firstSector,
                rangeBytes,
                verify,
                value,
                seed,
                stallNs);
    }

    /** With another seed. */
    public LoadOptions seed(final long value) {
        return new LoadOptions(
                random,
                readPercent,
                blockBytes,
                depth,
                polled,
                durationNs,
                requests,
                firstSector,
                rangeBytes,
                verify,
                indirect,
                value,
                stallNs);
    }

    /** With another limit for a device that answers nothing. */
    public LoadOptions stallNs(final long value) {
        return new LoadOptions(
                random,
                readPercent,
                blockBytes,
                depth,
                polled,
                durationNs,
                requests,
                firstSector,
                rangeBytes,
                verify,
                indirect,
                seed,
                value);
    }
}
