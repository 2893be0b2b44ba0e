package dev.ringside.virtqueue;

/**
 * VIRTIO_F_IN_ORDER in a packed ring (virtio 1.3, section 2.8.8): holds completed chains back until
 * their turn. A chain is known by the slot of its first descriptor: the oldest one that was not
 * used begins where its used descriptor goes.
 */
final class PackedOrder {
    private final boolean[] completed;
    private final int[] ids;
    private final int[] written;

    PackedOrder(int size) {
        this.completed = new boolean[size];
        this.ids = new int[size];
        this.written = new int[size];
    }

    /** A chain that begins at a slot is completed: it may be used when its turn comes. */
    void complete(int slot, int id, int writtenBytes) {
        completed[slot] = true;
        ids[slot] = id;
        written[slot] = writtenBytes;
    }

    boolean isCompleted(int slot) {
        return completed[slot];
    }

    int written(int slot) {
        return written[slot];
    }

    /** Takes the completed chain at a slot out; its buffer ID. */
    int release(int slot) {
        completed[slot] = false;
        return ids[slot];
    }
}
