package dev.ringside.virtqueue;

/**
 * Chains of a split ring to do again before any other, as if they stood on the available ring from
 * an index on: they may be nowhere on it any more. A chain stays noted as in flight while it waits
 * here, at its old place in the order.
 *
 * <p>Confined to its queue's thread.
 */
final class SplitReplay {
    /** No chain to do again. */
    static final int NONE = -1;

    private static final int INDEX_MASK = 0xffff;

    private final int[] heads;
    private final int start;
    private int unpublished;

    /**
     * @param heads in the order in which they are to be done
     * @param start available index of the first
     */
    SplitReplay(int[] heads, int start) {
        this.heads = heads;
        this.start = start;
        this.unpublished = heads.length;
    }

    /** The head at an available index, or {@link #NONE}. */
    int head(int availableIndex) {
        int at = (availableIndex - start) & INDEX_MASK;
        return at < heads.length ? heads[at] : NONE;
    }

    /**
     * So many chains were published. Once as many were as there were to do again, either all of
     * those are, or one that was taken later is: then none of them can be given back.
     *
     * @return whether this is of no more use
     */
    boolean published(int count) {
        unpublished -= count;
        return unpublished <= 0;
    }
}
