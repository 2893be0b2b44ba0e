package dev.ringside.virtqueue;

/**
 * Descriptors that a packed ring's driver made available, read ahead of taking their chains, once,
 * into words that the driver cannot change. For the reasons of {@link AvailableChains}.
 */
final class AvailableDescriptors {
    private static final int ROOM = 64;

    /** Words of a descriptor. */
    static final int WORDS = 2;

    private final long[] words = new long[WORDS * ROOM];
    private int next;
    private int end;

    boolean isEmpty() {
        return next == end;
    }

    /** Not before {@link PackedRing#scan} has shown that they are available. */
    void read(PackedRing ring, int slot, int available) {
        int count = Math.min(available, ROOM);
        ring.readDescriptors(slot, count, words);
        next = 0;
        end = WORDS * count;
    }

    /** First word of the first one. */
    long address() {
        return words[next];
    }

    /** Second word of the first one. */
    long meta() {
        return words[next + 1];
    }

    /** The first one belongs to the chain that is being taken. */
    void advance() {
        next += WORDS;
    }

    /** All of them are read again before they are taken. */
    void forget() {
        end = next;
    }
}
