package dev.ringside.virtqueue;

/**
 * The beginnings of chains that a split ring's driver made available, read ahead of taking them:
 * each chain's entry in the available ring and the descriptor that it names, once, into words that
 * the driver cannot change. Many at once share the checks that every access to a mapping needs, and
 * their cache misses overlap.
 */
final class AvailableChains {
    /** As many as a burst of small frames; more would leave the nearest cache before their turn. */
    private static final int ROOM = 64;

    /** Words of a chain: its head, and the head's descriptor. */
    static final int WORDS = 3;

    private final long[] words = new long[WORDS * ROOM];
    private int next;
    private int end;

    boolean isEmpty() {
        return next == end;
    }

    /** Not before {@link SplitRing#acquireAvailableIndex} has shown that they are available. */
    void read(SplitRing ring, int availableIndex, int available) {
        int count = Math.min(available, ROOM);
        ring.readChains(availableIndex, count, words);
        next = 0;
        end = WORDS * count;
    }

    /** Reads one whose head is known, whatever the available ring says of it. */
    void readOne(SplitRing ring, int head) {
        ring.readChain(head, words, 0);
        next = 0;
        end = WORDS;
    }

    /** Head of the first one: 0 to 65535. When it is no descriptor's, there is nothing else. */
    int head() {
        return (int) words[next];
    }

    /** First word of its descriptor. */
    long address() {
        return words[next + 1];
    }

    /** Second word of its descriptor. */
    long meta() {
        return words[next + 2];
    }

    /** The first one is taken. */
    void advance() {
        next += WORDS;
    }

    /** All of them are read again before they are taken. */
    void forget() {
        end = next;
    }
}
