package dev.ringside.virtqueue;

/** The chains that were taken off a packed ring and not completed, by their buffer IDs. */
final class PackedTaken {
    /** How many descriptors the chain has in the ring; 0: not taken. */
    private final int[] lengths;

    /** The slot of the chain's first descriptor. */
    private final int[] firstSlots;

    PackedTaken(int queueSize) {
        lengths = new int[queueSize];
        firstSlots = new int[queueSize];
    }

    /** Whether a chain can have that name: one of the queue's, that no chain has now. */
    boolean isFree(int id) {
        return id < lengths.length && lengths[id] == 0;
    }

    /** Whether a chain of that name was taken. Any number. */
    boolean has(int id) {
        return id >= 0 && id < lengths.length && lengths[id] != 0;
    }

    /** A chain was taken; its name {@link #isFree}. */
    void add(int id, int firstSlot, int length) {
        lengths[id] = length;
        firstSlots[id] = firstSlot;
    }

    /** It was completed or given back. */
    void remove(int id) {
        lengths[id] = 0;
    }

    /** How many descriptors a chain has in the ring; 0: not taken. */
    int length(int id) {
        return lengths[id];
    }

    /** The slot of a chain's first descriptor. */
    int firstSlot(int id) {
        return firstSlots[id];
    }
}
