package dev.ringside.frontend;

import java.util.function.Consumer;

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
 * @param rate requests a second, given out at their times whether earlier ones are back or not, as
 *     far as the depth allows; their latency counts from those times, so that a device that is slow
 *     for a while cannot hide it. 0: the queues are kept full
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
        long stallNs,
        long rate) {

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
        if (rate < 0) {
            throw new IllegalArgumentException("rate " + rate + " is negative");
        }
    }

    /** Random 4 KiB reads, polled, until stopped. */
    public static LoadOptions randomRead(final int depth) {
        return new LoadOptions(
                true, 100, 4096, depth, true, 0, 0, 0, 0, false, false, 1, DEFAULT_STALL_NS, 0);
    }

    /** Random 4 KiB writes, polled, until stopped. */
    public static LoadOptions randomWrite(final int depth) {
        return randomRead(depth).readPercent(0);
    }

    /** Random 4 KiB reads and writes, half and half, verified, sleeping between, until stopped. */
    public static LoadOptions verified(final int depth) {
        return new LoadOptions(
                true, 50, 4096, depth, false, 0, 0, 0, 0, true, false, 1, DEFAULT_STALL_NS, 0);
    }

    /** In another order. */
    public LoadOptions random(final boolean value) {
        return with(draft -> draft.random = value);
    }

    /** With another share of reads. */
    public LoadOptions readPercent(final int value) {
        return with(draft -> draft.readPercent = value);
    }

    /** With another block size. */
    public LoadOptions blockBytes(final int value) {
        return with(draft -> draft.blockBytes = value);
    }

    /** Polled or called. */
    public LoadOptions polled(final boolean value) {
        return with(draft -> draft.polled = value);
    }

    /** For so long. */
    public LoadOptions durationNs(final long value) {
        return with(draft -> draft.durationNs = value);
    }

    /** For so many requests. */
    public LoadOptions requests(final long value) {
        return with(draft -> draft.requests = value);
    }

    /** On a part of the disk. */
    public LoadOptions range(final long sector, final long bytes) {
        return with(
                draft -> {
                    draft.firstSector = sector;
                    draft.rangeBytes = bytes;
                });
    }

    /** Verified or not. */
    public LoadOptions verify(final boolean value) {
        return with(draft -> draft.verify = value);
    }

    /** With indirect descriptors; the driver must have tables of 3 entries. */
    public LoadOptions indirect(final boolean value) {
        return with(draft -> draft.indirect = value);
    }

    /** With another seed. */
    public LoadOptions seed(final long value) {
        return with(draft -> draft.seed = value);
    }

    /** With another limit for a device that answers nothing. */
    public LoadOptions stallNs(final long value) {
        return with(draft -> draft.stallNs = value);
    }

    /** At so many requests a second, or 0: as many as there is room for. */
    public LoadOptions rate(final long value) {
        return with(draft -> draft.rate = value);
    }

    private LoadOptions with(final Consumer<Draft> change) {
        final Draft draft = new Draft(this);
        change.accept(draft);
        return draft.finish();
    }

    /** A copy that can be changed: the one place that lists all of it. */
    private static final class Draft {
        boolean random;
        int readPercent;
        int blockBytes;
        int depth;
        boolean polled;
        long durationNs;
        long requests;
        long firstSector;
        long rangeBytes;
        boolean verify;
        boolean indirect;
        long seed;
        long stallNs;
        long rate;

        Draft(final LoadOptions from) {
            random = from.random;
            readPercent = from.readPercent;
            blockBytes = from.blockBytes;
            depth = from.depth;
            polled = from.polled;
            durationNs = from.durationNs;
            requests = from.requests;
            firstSector = from.firstSector;
            rangeBytes = from.rangeBytes;
            verify = from.verify;
            indirect = from.indirect;
            seed = from.seed;
            stallNs = from.stallNs;
            rate = from.rate;
        }

        LoadOptions finish() {
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
                    stallNs,
                    rate);
        }
    }
}
