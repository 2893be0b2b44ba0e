package dev.ringside.virtqueue;

import static dev.ringside.virtqueue.SplitRingSpec.DESCRIPTOR_BYTES;
import static dev.ringside.virtqueue.SplitRingSpec.DESCRIPTOR_META;
import static dev.ringside.virtqueue.SplitRingSpec.VIRTQ_DESC_F_INDIRECT;
import static dev.ringside.virtqueue.SplitRingSpec.VIRTQ_DESC_F_NEXT;
import static dev.ringside.virtqueue.SplitRingSpec.VIRTQ_DESC_F_WRITE;

import dev.ringside.shm.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Follows the descriptor chains of a split ring (virtio 1.3, section 2.7.5). Each descriptor is
 * read once, as two 64-bit words; what is checked is what is used. Every walk ends: it is bounded
 * by the sizes of the tables, not by what they hold.
 */
final class ChainWalker {
    /**
     * Indirect chains may be longer than a short queue (drivers build them so), but not endless.
     */
    static final int MIN_INDIRECT_LIMIT = 1024;

    /**
     * Unaligned also for the descriptor table, which is aligned: indirect tables need not be, and
     * the aligned access costs a check more.
     */
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int queueSize;
    private final int indirectLimit;
    private final boolean indirectNegotiated;
    private MemorySegment descriptors;
    private GuestMemory memory;

    /** The region of the last buffer: the next one is likely to lie there too. */
    private int nearRegion;

    private long nearStart;
    private long nearBytes;

    ChainWalker(
            int queueSize,
            boolean indirectNegotiated,
            MemorySegment descriptors,
            GuestMemory memory) {
        this.queueSize = queueSize;
        this.indirectLimit = Math.max(queueSize, MIN_INDIRECT_LIMIT);
        this.indirectNegotiated = indirectNegotiated;
        this.descriptors = descriptors;
        this.memory = memory;
    }

    void remap(MemorySegment newDescriptors, GuestMemory newMemory) {
        descriptors = newDescriptors;
        memory = newMemory;
        nearBytes = 0;
    }

    /**
     * Fills {@code chain} with the chain that begins at descriptor {@code head}.
     *
     * @return null when it is valid
     */
    @Nullable RingFault walk(int head, DescriptorChain chain) {
        chain.begin(memory, head);
        RingFault fault = walkDirect(head, chain);
        if (fault == null
                && chain.readableBytes() + chain.writableBytes() > SplitRingSpec.MAX_CHAIN_BYTES) {
            fault = RingFault.CHAIN_BYTES;
        }
        return fault;
    }

    private @Nullable RingFault walkDirect(int head, DescriptorChain chain) {
        MemorySegment table = descriptors;
        int index = head;
        for (int left = queueSize; left > 0; left--) {
            long offset = (long) DESCRIPTOR_BYTES * index;
            long address = table.get(LONG, offset);
            long meta = table.get(LONG, offset + DESCRIPTOR_META);
            if ((flags(meta) & VIRTQ_DESC_F_INDIRECT) != 0) {
                return walkIndirect(address, meta, queueSize - left, chain);
            }
            RingFault fault = append(address, meta, chain);
            if (fault != null || (flags(meta) & VIRTQ_DESC_F_NEXT) == 0) {
                return fault;
            }
            index = next(meta);
            if (index >= queueSize) {
                return RingFault.DESCRIPTOR_INDEX;
            }
        }
        return RingFault.DESCRIPTOR_LOOP;
    }

    /**
     * Section 2.7.5.3.2: the indirect descriptor's own WRITE flag is ignored, and it may end a
     * chain of direct ones.
     */
    private @Nullable RingFault walkIndirect(
            long tableAddress, long tableMeta, int walked, DescriptorChain chain) {
        long bytes = length(tableMeta);
        RingFault refusal = checkTable(tableMeta, bytes);
        if (refusal != null) {
            return refusal;
        }
        int region = memory.find(tableAddress);
        if (region < 0) {
            return RingFault.INDIRECT_UNMAPPED;
        }
        boolean contiguous = bytes <= memory.available(region, tableAddress);
        if (!contiguous && !mapped(tableAddress, bytes)) {
            return RingFault.INDIRECT_UNMAPPED;
        }
        MemorySegment table = memory.segment(region);
        long base = memory.offset(region, tableAddress);
        long entries = bytes / DESCRIPTOR_BYTES;
        int limit = (int) Math.min(entries, indirectLimit - walked);
        int index = 0;
        for (int left = limit; left > 0; left--) {
            long offset = (long) DESCRIPTOR_BYTES * index;
            long address =
                    contiguous ? table.get(LONG, base + offset) : gather(tableAddress + offset);
            long meta =
                    contiguous
                            ? table.get(LONG, base + offset + DESCRIPTOR_META)
                            : gather(tableAddress + offset + DESCRIPTOR_META);
            if ((flags(meta) & VIRTQ_DESC_F_INDIRECT) != 0) {
                return RingFault.INDIRECT_NESTED;
            }
            RingFault fault = append(address, meta, chain);
            if (fault != null || (flags(meta) & VIRTQ_DESC_F_NEXT) == 0) {
                return fault;
            }
            index = next(meta);
            if (index >= entries) {
                return RingFault.DESCRIPTOR_INDEX;
            }
        }
        return limit == entries ? RingFault.DESCRIPTOR_LOOP : RingFault.CHAIN_TOO_LONG;
    }

    private @Nullable RingFault checkTable(long meta, long bytes) {
        if (!indirectNegotiated) {
            return RingFault.INDIRECT_NOT_NEGOTIATED;
        }
        if ((flags(meta) & VIRTQ_DESC_F_NEXT) != 0) {
            return RingFault.INDIRECT_CHAINED;
        }
        return bytes == 0 || bytes % DESCRIPTOR_BYTES != 0 ? RingFault.INDIRECT_LENGTH : null;
    }

    private @Nullable RingFault append(long address, long meta, DescriptorChain chain) {
        boolean writable = (flags(meta) & VIRTQ_DESC_F_WRITE) != 0;
        if (!chain.beginPart(writable)) {
            return RingFault.READABLE_AFTER_WRITABLE;
        }
        long length = length(meta);
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

    private @Nullable RingFault appendFar(
            long address, long length, boolean writable, DescriptorChain chain) {
        if (length == 0) {
            // The specification does not forbid it: no byte of it can be touched.
            return null;
        }
        int region = memory.find(address);
        if (region < 0) {
            return RingFault.BUFFER_UNMAPPED;
        }
        nearRegion = region;
        nearStart = address - memory.offset(region, address);
        nearBytes = memory.available(region, address) + memory.offset(region, address);
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
            if (region < 0) {
                return RingFault.BUFFER_UNMAPPED;
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

    /** Whether all of a range lies in guest memory, in any number of adjacent regions. */
    private boolean mapped(long address, long length) {
        if (wraps(address, length)) {
            return false;
        }
        long at = address;
        long left = length;
        while (left > 0) {
            int region = memory.find(at);
            if (region < 0) {
                return false;
            }
            long piece = Math.min(left, memory.available(region, at));
            at += piece;
            left -= piece;
        }
        return true;
    }

    /** A 64-bit word of a range that is {@link #mapped}, byte by byte where regions meet. */
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

    /** Whether the last byte of a range that is not empty lies below its first. */
    private static boolean wraps(long address, long length) {
        return Long.compareUnsigned(address + (length - 1), address) < 0;
    }

    private static long length(long meta) {
        return meta & 0xffff_ffffL;
    }

    private static int flags(long meta) {
        return (int) (meta >>> 32) & 0xffff;
    }

    private static int next(long meta) {
        return (int) (meta >>> 48);
    }
}
