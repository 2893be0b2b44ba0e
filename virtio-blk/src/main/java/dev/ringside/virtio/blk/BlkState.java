package dev.ringside.virtio.blk;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What workers need to know of their device, as one immutable value: they look at it once per poll.
 *
 * @param features offered features: requests are judged by what the device can do
 * @param capacityBytes size of the disk
 * @param durableWrites writes complete only once they are on the medium
 * @param serial the answer to GET_ID, 20 bytes
 * @param lifetime the answer to GET_LIFETIME, 6 bytes; null when the medium does not tell
 */
record BlkState(
        long features,
        long capacityBytes,
        boolean durableWrites,
        MemorySegment serial,
        @Nullable MemorySegment lifetime) {

    /** True when all of these features are offered. */
    boolean offers(long bits) {
        return (features & bits) == bits;
    }

    /**
     * True when a range of sectors lies inside the disk. Both are as the guest gave them: the
     * sector unsigned, the bytes not negative.
     */
    boolean contains(long sector, long bytes) {
        return Long.compareUnsigned(sector, capacityBytes >>> BlkSpec.SECTOR_SHIFT) <= 0
                && bytes <= capacityBytes - (sector << BlkSpec.SECTOR_SHIFT);
    }
}
