package dev.ringside.virtqueue;

import org.jspecify.annotations.Nullable;

/**
 * The beginnings of chains that a split ring's driver made available: of each its entry in the
 * available ring, and the descriptor that it names.
 */
final class AvailableChains extends ReadAhead {
    /** Words of a chain: its head, and the head's descriptor. */
    static final int WORDS = 3;

    /** In a descriptor's second word. */
    private static final long WRITE_FLAG =
            (long) SplitRingSpec.VIRTQ_DESC_F_WRITE << (Byte.SIZE * 4);

    /** Which flags tell that a chain is one buffer of some kind. */
    private static final int ONE_BUFFER =
            SplitRingSpec.VIRTQ_DESC_F_NEXT
                    | SplitRingSpec.VIRTQ_DESC_F_INDIRECT
                    | SplitRingSpec.VIRTQ_DESC_F_WRITE;

    AvailableChains() {
        super(WORDS);
    }

    /**
     * Reads what there is room for. Not before {@link SplitRing#acquireAvailableIndex} has shown
     * that they are available.
     *
     * @param availableIndex of the first one here, or the one to come
     * @param available how many there are from there on
     * @param buffers fetches them; null: nobody does
     */
    void read(SplitRing ring, int availableIndex, int available, @Nullable BuffersAhead buffers) {
        int held = held();
        int count = room(available);
        boolean more = available > held + count;
        int index = availableIndex + held;
        ring.readChains(index, count, words, end);
        if (buffers != null && count > 1) {
            buffers.fetch(words, end + 1, count, WORDS, WRITE_FLAG);
            // A device that fetches buffers uses them in their order.
            ring.fetchUsedEntries(index, count);
            if (more) {
                ring.fetchDescriptors(index + count, Math.min(available - held - count, STEP));
            }
        }
        added(count, more);
    }

    /** Reads one whose head is known, whatever the available ring says of it. There are none. */
    void readOne(SplitRing ring, int head) {
        int count = room(1);
        ring.readChain(head, words, end);
        added(count, false);
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

    /**
     * Takes chains of one buffer each, see {@link Virtqueue#nextBuffers}. A loop of its own, so
     * that what is the same for all of them is looked up once.
     *
     * @param run how many there are
     * @param slots by head: where its chain is noted, below 0 when it is not in flight
     * @param availableIndex of the first one
     * @return how many were taken
     */
    int take(BufferBurst into, int run, GuestBuffers buffers, int[] slots, int availableIndex) {
        long[] from = words;
        int first = next;
        int wanted = into.writable() ? SplitRingSpec.VIRTQ_DESC_F_WRITE : 0;
        long start = buffers.nearStart();
        long bytes = buffers.nearBytes();
        int count = into.count();
        int done = 0;
        for (; done < run; done++) {
            int at = first + WORDS * done;
            long head = from[at];
            long offset = from[at + 1] - start;
            long meta = from[at + 2];
            long length = meta & 0xffff_ffffL;
            if (((int) (meta >>> Integer.SIZE) & ONE_BUFFER) != wanted
                    || offset < 0
                    || offset > bytes - length
                    || length > DescriptorChain.MAX_ENTRY_BYTES
                    || length == 0
                    || head >= slots.length
                    || slots[(int) head] >= 0) {
                break;
            }
            slots[(int) head] = (availableIndex + done) & (slots.length - 1);
            into.put(count + done, (int) head, offset, (int) length);
        }
        advance(done);
        into.added(done);
        return done;
    }

    /** The first one is taken. */
    void advance() {
        next += WORDS;
    }
}
