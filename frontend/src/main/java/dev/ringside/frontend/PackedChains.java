package dev.ringside.frontend;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The driver's own record of the chains of a packed ring: which buffer IDs are free, and the
 * descriptors of those that are not, as they go into the ring each time the chain is offered. One
 * thread; allocates nothing once every ID had its longest chain.
 */
final class PackedChains {
    private static final int NONE = -1;

    private final int size;
    private final long[][] addresses;
    private final int[][] bytes;
    private final int[][] flags;
    private final int[] lengths;
    private final int[] writableBytes;
    private final int[] freeIds;
    private int freeIdCount;
    private int freeDescriptors;

    // One indirect table for each ID; empty when indirect descriptors are not used.
    private MemorySegment tables = MemorySegment.NULL;
    private long tablesGuestAddress;
    private int tableEntries;

    PackedChains(final int size) {
        this.size = size;
        this.addresses = new long[size][4];
        this.bytes = new int[size][4];
        this.flags = new int[size][4];
        this.lengths = new int[size];
        this.writableBytes = new int[size];
        this.freeIds = new int[size];
    }

    void reset() {
        Arrays.fill(lengths, 0);
        for (int i = 0; i < size; i++) {
            freeIds[i] = size - 1 - i;
        }
        freeIdCount = size;
        freeDescriptors = size;
    }

    void enableIndirect(final FrontendMemory memory, final int entries) {
        final long all = (long) size * entries * VirtioSpec.DESCRIPTOR_BYTES;
        tablesGuestAddress = memory.allocate(all, VirtioSpec.DESCRIPTOR_BYTES);
        tables = memory.slice(tablesGuestAddress, all);
        tableEntries = entries;
    }

    /** Names a chain, {@code direct} of its buffers not in a table; -1 for no room. */
    int take(final DriverChain chain, final int direct) {
        final int total = chain.count();
        final boolean indirect = direct < total;
        final int needed = direct + (indirect ? 1 : 0);
        if (needed > freeDescriptors || needed == 0) {
            return NONE;
        }
        if (total - direct > tableEntries) {
            throw new IllegalArgumentException(
                    "indirect tables have " + tableEntries + " entries, not " + (total - direct));
        }
        final int id = freeIds[--freeIdCount];
        freeDescriptors -= needed;
        lengths[id] = needed;
        grow(id, needed);
        int writable = 0;
        for (int i = 0; i < total; i++) {
            writable += chain.flags(i) != 0 ? chain.length(i) : 0;
        }
        writableBytes[id] = writable;
        for (int i = 0; i < direct; i++) {
            final int more = i + 1 < needed ? VirtioSpec.DESC_F_NEXT : 0;
            put(id, i, chain.address(i), chain.length(i), chain.flags(i) | more);
        }
        if (indirect) {
            final long offset = (long) id * tableEntries * VirtioSpec.DESCRIPTOR_BYTES;
            writeTable(offset, chain, direct);
            put(
                    id,
                    direct,
                    tablesGuestAddress + offset,
                    (total - direct) * VirtioSpec.DESCRIPTOR_BYTES,
                    VirtioSpec.DESC_F_INDIRECT);
        }
        return id;
    }

    private void grow(final int id, final int needed) {
        if (addresses[id].length < needed) {
            addresses[id] = new long[needed];
            bytes[id] = new int[needed];
            flags[id] = new int[needed];
        }
    }

    private void put(
            final int id, final int i, final long address, final int length, final int bits) {
        addresses[id][i] = address;
        bytes[id][i] = length;
        flags[id][i] = bits;
    }

    private void writeTable(final long base, final DriverChain chain, final int from) {
        for (int i = from; i < chain.count(); i++) {
            RawPackedRing.descriptor(
                    tables,
                    base + (long) (i - from) * VirtioSpec.DESCRIPTOR_BYTES,
                    chain.address(i),
                    chain.length(i),
                    chain.flags(i));
        }
    }

    void free(final int id) {
        freeIds[freeIdCount++] = id;
        freeDescriptors += lengths[id];
        lengths[id] = 0;
    }

    int freeDescriptors() {
        return freeDescriptors;
    }

    /** How many descriptors of the ring a chain takes. */
    int length(final int id) {
        return lengths[id];
    }

    long address(final int id, final int i) {
        return addresses[id][i];
    }

    int bytes(final int id, final int i) {
        return bytes[id][i];
    }

    /** Flags without AVAIL and USED. */
    int flags(final int id, final int i) {
        return flags[id][i];
    }

    /** Bytes that the device may write. */
    int writableBytes(final int id) {
        return writableBytes[id];
    }
}
