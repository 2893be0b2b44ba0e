package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One of the three areas of a ring: where it lies and what the specification asks of it.
 *
 * @param queue which queue, for messages
 * @param name the specification's name of the area
 * @param userAddress where it begins, a front-end's user address, or I/O virtual with
 *     VIRTIO_F_ACCESS_PLATFORM
 * @param bytes its size
 * @param alignment of its first byte: a power of two
 * @param access what the device does there, as in {@link dev.ringside.shm.Iotlb}
 */
record RingArea(int queue, String name, long userAddress, long bytes, int alignment, int access) {
    /**
     * The area in guest memory.
     *
     * @throws InvalidRingException when it is misaligned or not within one region
     */
    MemorySegment find(GuestMemory memory) throws InvalidRingException {
        if ((userAddress & (alignment - 1)) != 0) {
            throw new InvalidRingException(
                    "queue %d: %s area at 0x%x is not aligned to %d"
                            .formatted(queue, name, userAddress, alignment));
        }
        MemorySegment segment = memory.sliceRing(userAddress, bytes, access);
        if (segment == null) {
            throw new InvalidRingException(
                    "queue %d: %s area of %d bytes at 0x%x is not within one memory region"
                            .formatted(queue, name, bytes, userAddress));
        }
        if (!isAligned(segment)) {
            throw new InvalidRingException(
                    "queue %d: %s area at 0x%x is mapped at 0x%x, not aligned to %d: %s"
                            .formatted(
                                    queue,
                                    name,
                                    userAddress,
                                    segment.address(),
                                    alignment,
                                    "align the region's offset in its file"));
        }
        return segment;
    }

    /** The area in another guest memory; null when it is not there as it has to be. */
    @Nullable MemorySegment findAgain(GuestMemory memory) {
        MemorySegment segment = memory.sliceRing(userAddress, bytes, access);
        return segment == null || !isAligned(segment) ? null : segment;
    }

    /**
     * Checks that another area does not overlap this one.
     *
     * @throws InvalidRingException when it does
     */
    void checkApart(RingArea other) throws InvalidRingException {
        // Differences modulo 2^64: right for areas anywhere, also where one of them would wrap.
        if (Long.compareUnsigned(other.userAddress - userAddress, bytes) < 0
                || Long.compareUnsigned(userAddress - other.userAddress, other.bytes) < 0) {
            throw new InvalidRingException(
                    "queue %d: %s area (%d bytes at 0x%x) and %s area (%d bytes at 0x%x) overlap"
                            .formatted(
                                    queue,
                                    name,
                                    bytes,
                                    userAddress,
                                    other.name,
                                    other.bytes,
                                    other.userAddress));
        }
    }

    /** Whether an address of it lies in a range. */
    boolean touches(long first, long last) {
        return Long.compareUnsigned(userAddress, last) <= 0
                && Long.compareUnsigned(first, userAddress + (bytes - 1)) <= 0;
    }

    private boolean isAligned(MemorySegment segment) {
        return (segment.address() & (alignment - 1)) == 0;
    }
}
