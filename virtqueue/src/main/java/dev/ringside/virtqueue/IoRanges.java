package dev.ringside.virtqueue;

import java.util.Arrays;

/**
 * The I/O virtual addresses that the chains in flight may touch, by chain. Flat arrays, made once:
 * a chain for which there is no room counts as one that may touch everything.
 */
final class IoRanges {
    /** Linux' drivers use about three: header, data, status. */
    private static final int RANGES_PER_CHAIN = 8;

    private static final int NONE = -1;
    private static final int EVERYTHING = -2;

    private final long[] firsts;
    private final long[] lasts;
    private final int[] nexts;
    private int free;

    /** By head: the first of its ranges. */
    private final int[] heads;

    private int unbounded;

    IoRanges(int queueSize) {
        int room = RANGES_PER_CHAIN * queueSize;
        firsts = new long[room];
        lasts = new long[room];
        nexts = new int[room];
        Arrays.setAll(nexts, i -> i + 1 < room ? i + 1 : NONE);
        heads = new int[queueSize];
        Arrays.fill(heads, NONE);
    }

    /** The chain is in flight from now on. */
    void add(int head, DescriptorChain chain) {
        heads[head] = NONE;
        int count = chain.count();
        for (int i = 0; i < count; i++) {
            if (!add(head, chain.ioAddress(i), chain.length(i))) {
                remove(head);
                heads[head] = EVERYTHING;
                unbounded++;
                return;
            }
        }
    }

    private boolean add(int head, long first, int length) {
        int newest = heads[head];
        if (newest >= 0 && lasts[newest] + 1 == first && first != 0) {
            lasts[newest] += length;
            return true;
        }
        if (free == NONE) {
            return false;
        }
        int at = free;
        free = nexts[at];
        firsts[at] = first;
        lasts[at] = first + (length - 1);
        nexts[at] = newest;
        heads[head] = at;
        return true;
    }

    /** The chain is not in flight any more. */
    void remove(int head) {
        int at = heads[head];
        heads[head] = NONE;
        if (at == EVERYTHING) {
            unbounded--;
            return;
        }
        while (at != NONE) {
            int next = nexts[at];
            nexts[at] = free;
            free = at;
            at = next;
        }
    }

    /** Whether a chain in flight may touch an address of a range. */
    boolean touch(long first, long last) {
        if (unbounded > 0) {
            return true;
        }
        for (int head : heads) {
            for (int at = head; at >= 0; at = nexts[at]) {
                if (Long.compareUnsigned(firsts[at], last) <= 0
                        && Long.compareUnsigned(first, lasts[at]) <= 0) {
                    return true;
                }
            }
        }
        return false;
    }
}
