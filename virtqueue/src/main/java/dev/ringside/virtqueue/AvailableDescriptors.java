package dev.ringside.virtqueue;

import org.jspecify.annotations.Nullable;

/** Descriptors that a packed ring's driver made available. */
final class AvailableDescriptors extends ReadAhead {
    /** Words of a descriptor. */
    static final int WORDS = 2;

    /** In a descriptor's second word. */
    private static final long WRITE_FLAG =
            (long) PackedRingSpec.VIRTQ_DESC_F_WRITE << (Byte.SIZE * 6);

    AvailableDescriptors() {
        super(WORDS);
    }

    /**
     * Reads what there is room for. Not before {@link PackedRing#scan} has shown that they are
     * available.
     *
     * @param slot of the first one here, or the one to come
     * @param available how many there are from there on
     * @param buffers fetches them; null: nobody does
     */
    void read(PackedRing ring, int slot, int available, @Nullable BuffersAhead buffers) {
        int held = held();
        int count = room(available);
        ring.readDescriptors(ring.slot(slot, held), count, words, end);
        if (buffers != null && count > 1) {
            buffers.fetch(words, end, count, WORDS, WRITE_FLAG);
        }
        added(count, available > held + count);
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
}
