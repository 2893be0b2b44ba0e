package dev.ringside.virtqueue;

/**
 * VIRTIO_F_IN_ORDER (virtio 1.3, sections 2.7.9 and 2.8.8): holds completed chains back until their
 * turn. A chain is known by its slot, of the available ring or of its first descriptor: its used
 * entry, or its used descriptor, will stand in the same one.
 */
final class UsedOrder {
    private final boolean[] completed;
    private final int[] heads;
    private final int[] written;

    /** For a queue of so many descriptors. */
    UsedOrder(int size) {
        this.completed = new boolean[size];
        this.heads = new int[size];
        this.written = new int[size];
    }

    /** A chain that was taken at a slot is completed before its turn. */
    void hold(int slot, int head, int writtenBytes) {
        heads[slot] = head;
        written[slot] = writtenBytes;
        completed[slot] = true;
    }

    /** Whether the chain at a slot is completed and held. */
    boolean holds(int slot) {
        return completed[slot];
    }

    /** How much was written to the chain that is held, or was released last, at a slot. */
    int written(int slot) {
        return written[slot];
    }

    /** Takes the chain that is held at a slot out; its head. */
    int release(int slot) {
        completed[slot] = false;
        return heads[slot];
    }
}
