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
final class SplitChainWalker {
    /**
     * Unaligned also for the descriptor table, which is aligned: the aligned access costs a check
     * more.
     */
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int queueSize;
    private final int indirectLimit;
    private final boolean indirectNegotiated;
    private final GuestBuffers buffers;
    private final IndirectTable indirect;
    private MemorySegment descriptors;

    SplitChainWalker(
            int queueSize,
            boolean indirectNegotiated,
            MemorySegment descriptors,
            GuestMemory memory,
            @Nullable IoAccess io) {
        this.queueSize = queueSize;
        this.indirectLimit = IndirectTable.limit(queueSize);
        this.indirectNegotiated = indirectNegotiated;
        this.buffers = new GuestBuffers(memory, io);
        this.indirect = new IndirectTable(memory, io);
        this.descriptors = descriptors;
    }

    void remap(MemorySegment newDescriptors, GuestMemory newMemory) {
        descriptors = newDescriptors;
        buffers.remap(newMemory);
        indirect.remap(newMemory);
    }

    GuestBuffers buffers() {
        return buffers;
    }

    /**
     * Fills {@code chain} with the chain that begins at descriptor {@code head}.
     *
     * @param address the first word of that descriptor
     * @param meta its second word
     * @return null when it is valid
     */
    @Nullable RingFault walk(int head, long address, long meta, DescriptorChain chain) {
        buffers.begin(chain, head);
        RingFault fault = walkDirect(address, meta, chain);
        if (fault == null
                && chain.readableBytes() + chain.writableBytes() > SplitRingSpec.MAX_CHAIN_BYTES) {
            fault = RingFault.CHAIN_BYTES;
        }
        return fault;
    }

    private @Nullable RingFault walkDirect(long headAddress, long headMeta, DescriptorChain chain) {
        long address = headAddress;
        long meta = headMeta;
        for (int walked = 0; walked < queueSize; walked++) {
            if ((flags(meta) & VIRTQ_DESC_F_INDIRECT) != 0) {
                return walkIndirect(address, meta, walked, chain);
            }
            RingFault fault = append(address, meta, chain);
            if (fault != null || (flags(meta) & VIRTQ_DESC_F_NEXT) == 0) {
                return fault;
            }
            int index = next(meta);
            if (index >= queueSize) {
                return RingFault.DESCRIPTOR_INDEX;
            }
            long offset = (long) DESCRIPTOR_BYTES * index;
            address = descriptors.get(LONG, offset);
            meta = descriptors.get(LONG, offset + DESCRIPTOR_META);
        }
        return RingFault.DESCRIPTOR_LOOP;
    }

    /**
     * Section 2.7.5.3.2: the indirect descriptor's own WRITE flag is ignored, and it may end a
     * chain of direct ones.
     */
    private @Nullable RingFault walkIndirect(
            long tableAddress, long tableMeta, int walked, DescriptorChain chain) {
        if (!indirectNegotiated) {
            return RingFault.INDIRECT_NOT_NEGOTIATED;
        }
        if ((flags(tableMeta) & VIRTQ_DESC_F_NEXT) != 0) {
            return RingFault.INDIRECT_CHAINED;
        }
        RingFault refusal = indirect.open(tableAddress, length(tableMeta));
        if (refusal != null) {
            return refusal;
        }
        long entries = indirect.entries();
        int limit = (int) Math.min(entries, indirectLimit - walked);
        int index = 0;
        for (int left = limit; left > 0; left--) {
            long address = indirect.address(index);
            long meta = indirect.meta(index);
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

    private @Nullable RingFault append(long address, long meta, DescriptorChain chain) {
        boolean writable = (flags(meta) & VIRTQ_DESC_F_WRITE) != 0;
        return buffers.append(address, length(meta), writable, chain);
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
