package dev.ringside.virtqueue;

import dev.ringside.shm.DirtyLog;
import java.util.Arrays;

/**
 * Where the chains in flight may be written, by guest addresses, so that their pages can be marked
 * when they are completed. Everything is made at once: there is room for what a device normally
 * holds, and in any case for the longest chain. Confined to the queue's thread.
 */
final class WritableRanges {
    private static final int NONE = -1;
    private static final int USUAL_ENTRIES = 8;
    private static final int LEAST_ENTRIES = 4096;
    private static final int LONGEST_CHAINS = 4;

    private final int[] firstOfHead;

    // By range; those of a chain are linked in their order.
    private final long[] addresses;
    private final long[] lengths;
    private final int[] next;

    private int free;
    private int freeCount;

    WritableRanges(int queueSize, int maxChainEntries) {
        firstOfHead = new int[queueSize];
        Arrays.fill(firstOfHead, NONE);
        int room =
                Math.max(USUAL_ENTRIES * queueSize, LEAST_ENTRIES)
                        + LONGEST_CHAINS * maxChainEntries;
        addresses = new long[room];
        lengths = new long[room];
        next = new int[room];
        for (int i = 0; i < room; i++) {
            next[i] = i + 1;
        }
        freeCount = room;
    }

    /** Remembers a chain that is taken; false, and nothing changed, when there is no room now. */
    boolean add(int head, DescriptorChain chain) {
        int count = chain.count();
        int first = chain.readableCount();
        if (count - first > freeCount) {
            return false;
        }
        int last = NONE;
        for (int i = first; i < count; i++) {
            long address = chain.guestAddress(i);
            int length = chain.length(i);
            if (last != NONE && addresses[last] + lengths[last] == address) {
                lengths[last] += length;
                continue;
            }
            int range = free;
            free = next[range];
            freeCount--;
            addresses[range] = address;
            lengths[range] = length;
            next[range] = NONE;
            if (last == NONE) {
                firstOfHead[head] = range;
            } else {
                next[last] = range;
            }
            last = range;
        }
        return true;
    }

    /**
     * Marks the first bytes of a chain's writable part, and forgets the chain.
     *
     * @return false when the log does not cover some of them
     */
    boolean mark(int head, long bytes, DirtyLog log) {
        boolean covered = true;
        long left = bytes;
        for (int range = firstOfHead[head]; range != NONE && left > 0; range = next[range]) {
            long piece = Math.min(left, lengths[range]);
            covered &= log.mark(addresses[range], piece);
            left -= piece;
        }
        forget(head);
        return covered;
    }

    /** Forgets a chain that was not written to, or that does not matter. */
    void forget(int head) {
        int range = firstOfHead[head];
        firstOfHead[head] = NONE;
        while (range != NONE) {
            int after = next[range];
            next[range] = free;
            free = range;
            freeCount++;
            range = after;
        }
    }

    /** How many ranges there is room for now. */
    int room() {
        return freeCount;
    }
}
