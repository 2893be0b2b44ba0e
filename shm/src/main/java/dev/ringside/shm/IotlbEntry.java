package dev.ringside.shm;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One translation of an {@link Iotlb}: a range of I/O virtual addresses that lies in one piece in
 * one region.
 *
 * @param first its first I/O virtual address
 * @param last its last one, unsigned not below the first
 * @param userAddress what the first is in the front-end's process
 * @param access {@link Iotlb#READ}, {@link Iotlb#WRITE}, both or none
 * @param region where it lies, wholly
 */
record IotlbEntry(long first, long last, long userAddress, int access, MemoryRegion region) {
    long sizeBytes() {
        return last - first + 1;
    }

    MemorySegment segment() {
        return region.segment().asSlice(regionOffset(), sizeBytes());
    }

    long hostAddress() {
        return region.hostAddress() + regionOffset();
    }

    /** The guest physical address of a place in it. */
    long physicalAddress(long offset) {
        return region.guestAddress() + regionOffset() + offset;
    }

    private long regionOffset() {
        return userAddress - region.userAddress();
    }

    boolean overlaps(long otherFirst, long otherLast) {
        return Long.compareUnsigned(first, otherLast) <= 0
                && Long.compareUnsigned(otherFirst, last) <= 0;
    }

    /** Whether an address in both is the same user address. */
    boolean agreesWith(IotlbEntry other) {
        return userAddress - first == other.userAddress - other.first;
    }

    /** What of it lies in a range that it overlaps. */
    IotlbEntry within(long from, long to) {
        long newFirst = Long.compareUnsigned(first, from) < 0 ? from : first;
        long newLast = Long.compareUnsigned(last, to) > 0 ? to : last;
        return new IotlbEntry(newFirst, newLast, userAddress + (newFirst - first), access, region);
    }

    /** What of it lies before an address; null: nothing. */
    @Nullable IotlbEntry before(long address) {
        return Long.compareUnsigned(first, address) < 0 ? within(first, address - 1) : null;
    }

    /** What of it lies behind an address; null: nothing. */
    @Nullable IotlbEntry behind(long address) {
        return Long.compareUnsigned(address, last) < 0 ? within(address + 1, last) : null;
    }

    IotlbEntry with(int newAccess) {
        return new IotlbEntry(first, last, userAddress, newAccess, region);
    }

    /** Both in one, when the other goes on where this one ends; else null. */
    @Nullable IotlbEntry joined(IotlbEntry next) {
        boolean goesOn =
                last + 1 == next.first
                        && next.first != 0
                        && agreesWith(next)
                        && access == next.access
                        && region == next.region;
        return goesOn ? new IotlbEntry(first, next.last, userAddress, access, region) : null;
    }
}
