package dev.ringside.virtqueue;

/**
 * VIRTIO_F_IN_ORDER (virtio 1.3, section 2.7.9): remembers the order in which chains were taken and
 * holds completed ones back until their turn.
 */
final class UsedOrder {
    private final int mask;
    private final int[] slotOfHead;
    private final int[] headOfSlot;
    private final int[] writtenOfSlot;
    private final boolean[] completed;
    private int turn;

    /**
     * For a queue that goes on at an available index.
     *
     * @param size Queue Size, a power of two
     */
    UsedOrder(int size, int base) {
        this.mask = size - 1;
        this.slotOfHead = new int[size];
        this.headOfSlot = new int[size];
        this.writtenOfSlot = new int[size];
        this.completed = new boolean[size];
        this.turn = base & mask;
    }

    /** A chain was taken at an available index. At most {@code size} are taken and not released. */
    void taken(int availableIndex, int head) {
        int slot = availableIndex & mask;
        slotOfHead[head] = slot;
        headOfSlot[slot] = head;
    }

    /** A chain that was taken is completed: it may be released when its turn comes. */
    void complete(int head, int writtenBytes) {
        int slot = slotOfHead[head];
        writtenOfSlot[slot] = writtenBytes;
        completed[slot] = true;
    }

    /** Whether the oldest chain that was not released is completed. */
    boolean ready() {
        return completed[turn];
    }

    int readyHead() {
        return headOfSlot[turn];
    }

    int readyWritten() {
        return writtenOfSlot[turn];
    }

    /** Releases the oldest chain, which is {@link #ready}. */
    void release() {
        completed[turn] = false;
        turn = (turn + 1) & mask;
    }
}
