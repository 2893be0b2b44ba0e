package dev.ringside.virtqueue;

/**
 * What a driver made available, read ahead of taking it, once, into words that the driver cannot
 * change. Many at once share the checks that every access to a mapping needs, and their cache
 * misses overlap. While more is known than there is room for, more is read before all is taken: so
 * what is fetched for it has time to come. Items are of several words each.
 */
abstract sealed class ReadAhead permits AvailableChains, AvailableDescriptors {
    /** As many as a burst of small frames; more would leave the nearest cache before their turn. */
    static final int ROOM = 64;

    /** So many are read at once while more are known. */
    static final int STEP = 16;

    /** Twice the room, so that those that are left are moved to the front once per round. */
    final long[] words;

    /** Where the first item is. */
    int next;

    /** Where the one to come goes. */
    int end;

    /** What {@link #next} is when it is time to read. */
    private int low;

    private final int itemWords;

    ReadAhead(int itemWords) {
        this.itemWords = itemWords;
        words = new long[itemWords * 2 * ROOM];
    }

    /** Whether it is time to read: few are left, or none. */
    final boolean isLow() {
        return next == low;
    }

    /** How many can be taken before it is time to read. */
    final int ready() {
        return (low - next) / itemWords;
    }

    /** The first ones are taken. */
    final void advance(int count) {
        next += itemWords * count;
    }

    /**
     * The last ones that were taken are the first ones again; false: they are not known any more.
     */
    final boolean goBack(int count) {
        boolean known = next >= itemWords * count;
        if (known) {
            next -= itemWords * count;
        }
        return known;
    }

    /** How many are here. */
    final int held() {
        return (end - next) / itemWords;
    }

    /**
     * How many to read now, to {@link #end} on.
     *
     * @param available how many are known, with those that are here
     */
    final int room(int available) {
        int count = Math.min(available, ROOM) - held();
        if (end + itemWords * count > words.length) {
            int left = end - next;
            System.arraycopy(words, next, words, 0, left);
            next = 0;
            end = left;
        }
        return count;
    }

    /**
     * So many were read.
     *
     * @param more whether more are known
     */
    final void added(int count, boolean more) {
        end += itemWords * count;
        low = more ? next + itemWords * STEP : end;
    }

    /** All of them are read again before they are taken. */
    final void forget() {
        next = 0;
        end = 0;
        low = 0;
    }
}
