package dev.ringside.shm;

import java.lang.foreign.MemorySegment;

/**
 * A list of ranges in one segment. Made once, filled again and again; allocates only in its
 * constructor. Confined to one thread at a time. Whoever fills it has checked that a range is
 * within the segment.
 */
public final class Ranges {
    private final long[] offsets;
    private final int[] lengths;
    private MemorySegment segment = MemorySegment.NULL;
    private int count;

    /** An empty list with room for so many ranges. */
    public Ranges(int room) {
        offsets = new long[room];
        lengths = new int[room];
    }

    /** The most ranges. */
    public int room() {
        return offsets.length;
    }

    /** How many there are. */
    public int count() {
        return count;
    }

    /** Where they lie. */
    public MemorySegment segment() {
        return segment;
    }

    /** Where range {@code i} begins in the segment. */
    public long offset(int i) {
        return offsets[i];
    }

    /** How many bytes range {@code i} has. */
    public int length(int i) {
        return lengths[i];
    }

    /** Empties it for ranges in a segment. */
    @SuppressWarnings("ReferenceEquality") // the very same one need not be stored again
    public void begin(MemorySegment in) {
        count = 0;
        // Storing a reference costs more than looking at it: the collector watches.
        if (segment != in) {
            segment = in;
        }
    }

    /**
     * Sets range {@code i}, which is one of the list once {@link #setCount} says so.
     *
     * @throws IndexOutOfBoundsException when there is no room for it
     */
    public void set(int i, long offset, int length) {
        offsets[i] = offset;
        lengths[i] = length;
    }

    /** Says how many there are. */
    public void setCount(int value) {
        count = value;
    }
}
