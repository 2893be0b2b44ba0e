package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Iotlb;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Appends the buffers that descriptors name by guest address to chains, as entries in mapped
 * memory. The same for split and packed rings. A buffer that crosses into adjacent regions, or that
 * is too long for one entry, is cut.
 */
final class GuestBuffers {
    /** Room for buffers that cross from one region into the next. */
    private static final int CROSSINGS = 32;

    /**
     * What is missing is noted there, and the walk goes on to find what else is; null: no IOMMU.
     */
    private final @Nullable IoAccess io;

    private GuestMemory memory;

    /** The region of the last buffer: the next one is likely to lie there too. */
    private int nearRegion;

    private long nearStart;
    private long nearBytes;

    /** Where {@link #nearStart} lies in this process. */
    private long nearHostStart;

    GuestBuffers(GuestMemory memory, @Nullable IoAccess io) {
        this.memory = memory;
        this.io = io;
    }

    /** The most entries in a chain of a queue. */
    static int maxChainEntries(int queueSize) {
        return IndirectTable.limit(queueSize) + CROSSINGS;
    }

    void remap(GuestMemory newMemory) {
        memory = newMemory;
        nearBytes = 0;
    }

    /** Empties a chain for one that will be named {@code head}. */
    void begin(DescriptorChain chain, int head) {
        chain.begin(memory, head);
    }

    /**
     * Appends one buffer.
     *
     * @param length 0 to 2^32 - 1
     * @return null when it is valid
     */
    @Nullable RingFault append(long address, long length, boolean writable, DescriptorChain chain) {
        if (!chain.beginPart(writable)) {
            return RingFault.READABLE_AFTER_WRITABLE;
        }
        long offset = address - nearStart;
        if (offset < 0
                || offset > nearBytes - length
                || length > DescriptorChain.MAX_ENTRY_BYTES
                || length == 0) {
            return appendFar(address, length, writable, chain);
        }
        return chain.add(nearRegion, offset, (int) length, writable)
                ? null
                : RingFault.CHAIN_TOO_LONG;
    }

    /** The region where the last buffers were. */
    MemorySegment nearSegment() {
        return nearBytes == 0 ? MemorySegment.NULL : memory.segment(nearRegion);
    }

    /** The first address of the region where the last buffers were. */
    long nearStart() {
        return nearStart;
    }

    /** That region's size. */
    long nearBytes() {
        return nearBytes;
    }

    /** Where in this process that region is. */
    long nearHostStart() {
        return nearHostStart;
    }

    private @Nullable RingFault appendFar(
            long address, long length, boolean writable, DescriptorChain chain) {
        if (length == 0) {
            // The specification does not forbid it: no byte of it can be touched.
            return null;
        }
        int region = memory.find(address);
        if (region < 0 && io == null) {
            return RingFault.BUFFER_UNMAPPED;
        }
        if (region >= 0 && memory.access(region) == Iotlb.READ_WRITE) {
            nearRegion = region;
            nearStart = address - memory.offset(region, address);
            nearBytes = memory.available(region, address) + memory.offset(region, address);
            nearHostStart = memory.hostAddress(region, nearStart);
        }
        return appendPieces(address, length, writable, chain);
    }

    /** A buffer anywhere; one that crosses into adjacent regions or is too long is cut. */
    private @Nullable RingFault appendPieces(
            long address, long length, boolean writable, DescriptorChain chain) {
        if (wraps(address, length)) {
            return RingFault.BUFFER_UNMAPPED;
        }
        long at = address;
        long left = length;
        while (left > 0) {
            int region = memory.find(at);
            if (region < 0 || (io != null && !io.allows(memory, region, at, writable))) {
                if (io == null) {
                    return RingFault.BUFFER_UNMAPPED;
                }
                io.miss(at, writable);
                if (io.full()) {
                    return RingFault.BUFFER_UNMAPPED;
                }
                long page = Math.min(left, Iotlb.PAGE_BYTES - at % Iotlb.PAGE_BYTES);
                at += page;
                left -= page;
                continue;
            }
            long piece =
                    Math.min(
                            Math.min(left, DescriptorChain.MAX_ENTRY_BYTES),
                            memory.available(region, at));
            if (!chain.add(region, memory.offset(region, at), (int) piece, writable)) {
                return RingFault.CHAIN_TOO_LONG;
            }
            at += piece;
            left -= piece;
        }
        return null;
    }

    /** Whether the last byte of a range that is not empty lies below its first. */
    static boolean wraps(long address, long length) {
        return Long.compareUnsigned(address + (length - 1), address) < 0;
    }
}
