package dev.ringside.virtqueue;

import org.jspecify.annotations.Nullable;

/**
 * The notes of a packed queue, and how far the chains are taken again that they say were in flight:
 * those come before any of the ring, and stay noted, at their place in the order, while they wait.
 */
final class PackedReplay {
    private final PackedInflight notes;
    private final PackedChainWalker walker;

    /** How many chains are taken again, and how many of them were. */
    private final int replays;

    private int replayed;

    /** Chains taken from the ring, after those. */
    private long takenFromRing;

    PackedReplay(PackedInflight notes, PackedChainWalker walker) {
        this.notes = notes;
        this.walker = walker;
        this.replays = notes.replays();
    }

    /** Whether the next chain is to be had from the notes. */
    boolean isNext() {
        return replayed < replays;
    }

    /** Fills {@code chain} with it; null when it is valid. */
    @Nullable RingFault walk(DescriptorChain chain) {
        return walker.walkNoted(notes, replayed, chain);
    }

    /** The chain that was walked is taken. */
    void taken() {
        if (isNext()) {
            replayed++;
        } else {
            takenFromRing++;
            notes.taken(walker.id(), walker.length(), walker.words());
        }
    }

    /** The chain that was taken last was not taken. */
    void givenBack(int id) {
        if (takenFromRing == 0) {
            replayed--;
        } else {
            takenFromRing--;
            notes.givenBack(id);
        }
    }

    void used(int id) {
        notes.used(id);
    }

    void beforePublishing(int nextUsed, boolean usedWrap) {
        notes.beforePublishing(nextUsed, usedWrap);
    }

    void afterPublishing() {
        notes.afterPublishing();
    }
}
