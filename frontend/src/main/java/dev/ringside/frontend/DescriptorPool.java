package dev.ringside.frontend;

import java.lang.foreign.MemorySegment;

/**
 * The driver's own record of its descriptors - the device could have changed those in the ring -
 * and the writing of chains into free ones. One thread; allocates nothing after {@link
 * #enableIndirect}.
 */
final class DescriptorPool {
    private static final int NONE = -1;

    private final RawRing ring;
    private final int size;
    private final int[] next;
    private final int[] chainLength;
    private int freeHead;
    private int freeCount;

    // One indirect table for each possible head; empty when indirect descriptors are not used.
    private MemorySegment tables = MemorySegment.NULL;
    private long tablesGuestAddress;
    private int tableEntries;

    DescriptorPool(final RawRing ring, final int size) {
        this.ring = ring;
        this.size = size;
        this.next = new int[size];
        this.chainLength = new int[size];
        reset();
    }

    void reset() {
        for (int i = 0; i < size; i++) {
            next[i] = i + 1;
            chainLength[i] = 0;
        }
        freeHead = 0;
        freeCount = size;
    }

    void enableIndirect(final FrontendMemory memory, final int entries) {
        final long bytes = (long) size * entries * VirtioSpec.DESCRIPTOR_BYTES;
        tablesGuestAddress = memory.allocate(bytes, VirtioSpec.DESCRIPTOR_BYTES);
        tables = memory.slice(tablesGuestAddress, bytes);
        tableEntries = entries;
    }

    /**
     * Writes a chain, {@code direct} of its buffers not in a table; its head, or -1 for no room.
     */
    int write(final DriverChain chain, final int direct) {
        final int total = chain.count();
        final boolean indirect = direct < total;
        final int needed = direct + (indirect ? 1 : 0);
        if (needed > freeCount || needed == 0) {
            return NONE;
        }
        if (total - direct > tableEntries) {
            throw new IllegalArgumentException(
                    "indirect tables have " + tableEntries + " entries, not " + (total - direct));
        }
        final int head = freeHead;
        int at = head;
        int last = head;
        for (int i = 0; i < direct; i++) {
            final int flags = chain.flags(i) | (i + 1 < needed ? VirtioSpec.DESC_F_NEXT : 0);
            ring.descriptor(at, chain.address(i), chain.length(i), flags, next[at] & 0xffff);
            last = at;
            at = next[at];
        }
        if (indirect) {
            writeTable(head, chain, direct);
            ring.descriptor(
                    at,
                    tablesGuestAddress + (long) head * tableEntries * VirtioSpec.DESCRIPTOR_BYTES,
                    (total - direct) * VirtioSpec.DESCRIPTOR_BYTES,
                    VirtioSpec.DESC_F_INDIRECT,
                    0);
            last = at;
            at = next[at];
        }
        freeHead = at;
        next[last] = NONE;
        freeCount -= needed;
        chainLength[head] = needed;
        return head;
    }

    private void writeTable(final int head, final DriverChain chain, final int from) {
        final long base = (long) head * tableEntries * VirtioSpec.DESCRIPTOR_BYTES;
        final int count = chain.count() - from;
        for (int i = 0; i < count; i++) {
            final boolean more = i + 1 < count;
            RawRing.descriptor(
                    tables,
                    base + (long) i * VirtioSpec.DESCRIPTOR_BYTES,
                    chain.address(from + i),
                    chain.length(from + i),
                    chain.flags(from + i) | (more ? VirtioSpec.DESC_F_NEXT : 0),
                    more ? i + 1 : 0);
        }
    }

    /** Whether a chain begins at this descriptor. */
    boolean taken(final int head) {
        return chainLength[head] != 0;
    }

    void free(final int head) {
        int tail = head;
        while (next[tail] != NONE) {
            tail = next[tail];
        }
        next[tail] = freeHead;
        freeHead = head;
        freeCount += chainLength[head];
        chainLength[head] = 0;
    }

    int freeCount() {
        return freeCount;
    }
}
