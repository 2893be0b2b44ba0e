package dev.ringside.virtqueue;

/**
 * Chains of a packed ring that are used since the last publish (virtio 1.3, section 2.8.6), in
 * their order. The ring gets them when they are published, the first one, which shows all of them,
 * at last.
 *
 * <p>Confined to its queue's thread; allocates nothing.
 */
final class UsedDescriptors {
    private static final int AVAIL_AND_USED =
            PackedRingSpec.VRING_PACKED_DESC_F_AVAIL | PackedRingSpec.VRING_PACKED_DESC_F_USED;

    private final int[] slots;
    private final long[] metas;
    private int chains;
    private int descriptors;

    UsedDescriptors(int size) {
        this.slots = new int[size];
        this.metas = new long[size];
    }

    /**
     * A chain is used.
     *
     * @param slot where its used descriptor goes
     * @param wrap the device's wrap counter there
     * @param length how many descriptors the chain has
     */
    void add(int slot, boolean wrap, int id, int length, int writtenBytes) {
        int flags =
                (wrap ? AVAIL_AND_USED : 0)
                        | (writtenBytes == 0 ? 0 : PackedRingSpec.VIRTQ_DESC_F_WRITE);
        slots[chains] = slot;
        metas[chains] = (long) flags << 48 | (long) id << 32 | Integer.toUnsignedLong(writtenBytes);
        chains++;
        descriptors += length;
    }

    /** How many chains. */
    int chains() {
        return chains;
    }

    /** How many descriptors these chains have. */
    int descriptors() {
        return descriptors;
    }

    /** Writes all but the first: the driver sees none of them yet. */
    void writeRest(PackedRing ring) {
        ring.setUsed(slots, metas, 1, chains);
    }

    /** Writes the first, with which the driver sees all. */
    void showFirst(PackedRing ring) {
        ring.releaseUsed(slots[0], metas[0]);
    }

    /** They are published. */
    void clear() {
        chains = 0;
        descriptors = 0;
    }
}
