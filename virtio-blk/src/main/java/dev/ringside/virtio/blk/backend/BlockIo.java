package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.BulkCopy;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * One request to a {@link BlockChannel}: an operation, a range of the medium, and the guest memory
 * that the data comes from or goes to, as a list of extents. Made once per slot and used again and
 * again. Confined to the shard's thread.
 */
public final class BlockIo {
    private final int slot;
    private final MemorySegment[] segments;
    private final long[] segmentOffsets;
    private final long[] addresses;
    private final int[] lengths;
    private int extents;
    private long extentBytes;

    private BlockOperation operation = BlockOperation.FLUSH;
    private long offset;
    private long length;
    private boolean durable;
    private boolean unmap;

    /**
     * A request that can hold so many extents.
     *
     * @param slot its index in the array that the channel is opened with
     */
    public BlockIo(int slot, int maxExtents) {
        this.slot = slot;
        segments = new MemorySegment[maxExtents];
        Arrays.fill(segments, MemorySegment.NULL);
        segmentOffsets = new long[maxExtents];
        addresses = new long[maxExtents];
        lengths = new int[maxExtents];
    }

    /** Its index among a channel's requests. */
    public int slot() {
        return slot;
    }

    /** How many extents it can hold. */
    public int maxExtents() {
        return lengths.length;
    }

    /** Forgets the extents. */
    public void clear() {
        extents = 0;
        extentBytes = 0;
    }

    /** Adds guest memory at the end of the data. At most {@link #maxExtents} times. */
    @SuppressWarnings("ReferenceEquality") // the very same one need not be stored again
    public void addExtent(MemorySegment segment, long segmentOffset, long address, int bytes) {
        int i = extents;
        // Storing a reference costs more than looking at it: the collector watches.
        if (segments[i] != segment) {
            segments[i] = segment;
        }
        segmentOffsets[i] = segmentOffset;
        addresses[i] = address;
        lengths[i] = bytes;
        extents = i + 1;
        extentBytes += bytes;
    }

    /**
     * Sets what to do.
     *
     * @param newOffset bytes from the start of the medium
     * @param newLength bytes; for reads and writes the sum of the extents
     * @param newDurable complete only once the effect is on the medium
     * @param newUnmap for {@link BlockOperation#WRITE_ZEROES}: the space may be freed
     */
    public void set(
            BlockOperation newOperation,
            long newOffset,
            long newLength,
            boolean newDurable,
            boolean newUnmap) {
        operation = newOperation;
        offset = newOffset;
        length = newLength;
        durable = newDurable;
        unmap = newUnmap;
    }

    /** What to do. */
    public BlockOperation operation() {
        return operation;
    }

    /** Where on the medium, bytes. */
    public long offset() {
        return offset;
    }

    /** How much, bytes. */
    public long length() {
        return length;
    }

    /** True when it may complete only once its effect is on the medium. */
    public boolean durable() {
        return durable;
    }

    /** True when space may be freed by writing zeroes. */
    public boolean unmap() {
        return unmap;
    }

    /** How many extents the data has. */
    public int extents() {
        return extents;
    }

    /** Bytes of all extents. */
    public long extentBytes() {
        return extentBytes;
    }

    /** Host address of an extent. */
    public long address(int extent) {
        return addresses[extent];
    }

    /** Bytes of an extent. */
    public int length(int extent) {
        return lengths[extent];
    }

    /**
     * True when every extent starts at a multiple of one size and is a multiple of another long.
     */
    public boolean aligned(long addressMask, long lengthMask) {
        long addressBits = 0;
        long lengthBits = 0;
        for (int i = 0; i < extents; i++) {
            addressBits |= addresses[i];
            lengthBits |= lengths[i];
        }
        return (addressBits & addressMask) == 0 && (lengthBits & lengthMask) == 0;
    }

    /** Copies from the extents, beginning so many bytes into the data. The range lies inside it. */
    public void gather(long position, MemorySegment into, long at, long bytes) {
        long skip = position;
        long left = bytes;
        long target = at;
        for (int i = 0; left > 0; i++) {
            if (skip >= lengths[i]) {
                skip -= lengths[i];
                continue;
            }
            long part = Math.min(left, lengths[i] - skip);
            BulkCopy.copy(segments[i], segmentOffsets[i] + skip, into, target, part);
            target += part;
            left -= part;
            skip = 0;
        }
    }

    /** Copies into the extents, beginning so many bytes into the data. The range lies inside it. */
    public void scatter(long position, MemorySegment from, long at, long bytes) {
        long skip = position;
        long left = bytes;
        long source = at;
        for (int i = 0; left > 0; i++) {
            if (skip >= lengths[i]) {
                skip -= lengths[i];
                continue;
            }
            long part = Math.min(left, lengths[i] - skip);
            BulkCopy.copy(from, source, segments[i], segmentOffsets[i] + skip, part);
            source += part;
            left -= part;
            skip = 0;
        }
    }

    /** Fills a range of the extents with zeroes. The range lies inside the data. */
    public void zero(long position, long bytes) {
        long skip = position;
        long left = bytes;
        for (int i = 0; left > 0; i++) {
            if (skip >= lengths[i]) {
                skip -= lengths[i];
                continue;
            }
            long part = Math.min(left, lengths[i] - skip);
            Zeroes.copyTo(segments[i], segmentOffsets[i] + skip, part);
            left -= part;
            skip = 0;
        }
    }
}
