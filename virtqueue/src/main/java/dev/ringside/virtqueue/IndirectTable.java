package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A table of descriptors that an indirect descriptor refers to. It may lie anywhere in guest
 * memory, at any alignment, also across adjacent regions. A descriptor is read as two 64-bit words.
 * Split and packed rings differ in what the second one means.
 */
final class IndirectTable {
    /** Both {@code struct virtq_desc} and {@code struct pvirtq_desc} begin with le64 addr. */
    static final int DESCRIPTOR_BYTES = 16;

    /**
     * Indirect chains may be longer than a short queue (drivers build them so), but not endless.
     */
    private static final int MIN_LIMIT = 1024;

    /** Offset of the second word. */
    private static final int META = 8;

    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final @Nullable IoAccess io;
    private GuestMemory memory;
    private MemorySegment segment = MemorySegment.NULL;
    private long start;
    private long guestAddress;
    private boolean contiguous;
    private long entries;

    IndirectTable(GuestMemory memory, @Nullable IoAccess io) {
        this.memory = memory;
        this.io = io;
    }

    /** The most descriptors in a chain with an indirect table. */
    static int limit(int queueSize) {
        return Math.max(queueSize, MIN_LIMIT);
    }

    void remap(GuestMemory newMemory) {
        memory = newMemory;
        // The mapping before may go away: keep nothing of it.
        segment = MemorySegment.NULL;
        entries = 0;
    }

    /**
     * Finds the table at a guest address.
     *
     * @param bytes its length, 0 to 2^32 - 1
     * @return null when it is there and its length is that of a table
     */
    @Nullable RingFault open(long address, long bytes) {
        if (bytes == 0 || bytes % DESCRIPTOR_BYTES != 0) {
            return RingFault.INDIRECT_LENGTH;
        }
        int region = memory.find(address);
        if (!readable(region, address)) {
            return RingFault.INDIRECT_UNMAPPED;
        }
        contiguous = bytes <= memory.available(region, address);
        if (!contiguous && !mapped(address, bytes)) {
            return RingFault.INDIRECT_UNMAPPED;
        }
        segment = memory.segment(region);
        start = memory.offset(region, address);
        guestAddress = address;
        entries = bytes / DESCRIPTOR_BYTES;
        return null;
    }

    /** How many descriptors the open table has: 1 to 2^28 - 1. */
    long entries() {
        return entries;
    }

    /** The first word of a descriptor, below {@link #entries()}: a guest address. */
    long address(int index) {
        return word((long) DESCRIPTOR_BYTES * index);
    }

    /** The second word of a descriptor, below {@link #entries()}. */
    long meta(int index) {
        return word((long) DESCRIPTOR_BYTES * index + META);
    }

    private long word(long offset) {
        return contiguous ? segment.get(LONG, start + offset) : gather(guestAddress + offset);
    }

    /** Whether all of a range lies in guest memory, in any number of adjacent regions. */
    private boolean mapped(long address, long length) {
        if (GuestBuffers.wraps(address, length)) {
            return false;
        }
        long at = address;
        long left = length;
        while (left > 0) {
            int region = memory.find(at);
            if (!readable(region, at)) {
                return false;
            }
            long piece = Math.min(left, memory.available(region, at));
            at += piece;
            left -= piece;
        }
        return true;
    }

    /** Whether an address lies in a region that may be read; what an IOMMU lacks is noted. */
    private boolean readable(int region, long address) {
        if (io == null) {
            return region >= 0;
        }
        if (region < 0) {
            io.miss(address, false);
            return false;
        }
        return io.allows(memory, region, address, false);
    }

    /** A word of a table that is {@link #mapped}, byte by byte where regions meet. */
    private long gather(long address) {
        int region = memory.find(address);
        if (Long.BYTES <= memory.available(region, address)) {
            return memory.segment(region).get(LONG, memory.offset(region, address));
        }
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            int r = memory.find(address + i);
            byte b = memory.segment(r).get(ValueLayout.JAVA_BYTE, memory.offset(r, address + i));
            value |= Byte.toUnsignedLong(b) << (Byte.SIZE * i);
        }
        return value;
    }
}
