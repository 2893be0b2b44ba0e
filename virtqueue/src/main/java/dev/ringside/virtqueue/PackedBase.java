package dev.ringside.virtqueue;

/**
 * Where a packed ring goes on, in the 32 bits that SET_VRING_BASE and GET_VRING_BASE carry
 * (vhost-user.rst, Vring descriptor indices for packed virtqueues): bits 0-14 the next descriptor
 * to take, bit 15 the driver's wrap counter there; bits 16-30 the next used descriptor to write,
 * bit 31 the device's wrap counter there.
 *
 * @param available 0 to Queue Size - 1
 * @param availableWrap the driver's wrap counter
 * @param used 0 to Queue Size - 1
 * @param usedWrap the device's wrap counter
 */
public record PackedBase(int available, boolean availableWrap, int used, boolean usedWrap) {
    private static final int INDEX_MASK = 0x7fff;
    private static final int WRAP = 1 << 15;

    /** A new ring: both at its begin, both counters 1 (section 2.8.1). */
    public static final int START = position(0, true) << Short.SIZE | position(0, true);

    /**
     * Takes the 32 bits apart. Front-ends that know only of the lower half (DPDK's virtio_user
     * sends 0x8000) mean the same position for both.
     */
    public static PackedBase of(int base) {
        int available = base & 0xffff;
        int used = base >>> Short.SIZE;
        if (used == 0) {
            used = available;
        }
        return new PackedBase(
                available & INDEX_MASK,
                (available & WRAP) != 0,
                used & INDEX_MASK,
                (used & WRAP) != 0);
    }

    /**
     * The same for a ring that can be there: within it, and not too much taken.
     *
     * @throws InvalidRingException when it cannot
     */
    static PackedBase of(int base, RingLayout layout) throws InvalidRingException {
        PackedBase from = of(base);
        int size = layout.size();
        int taken = from.outstanding(size);
        if (from.available >= size || from.used >= size || taken < 0 || taken > size) {
            throw new InvalidRingException(
                    "queue %d: base 0x%x is not one of a packed ring of size %d"
                            .formatted(layout.index(), base, size));
        }
        return from;
    }

    /** The 32 bits. */
    public int bits() {
        return position(used, usedWrap) << Short.SIZE | position(available, availableWrap);
    }

    /** Descriptors taken and not used. */
    int outstanding(int queueSize) {
        return available - used + (availableWrap == usedWrap ? 0 : queueSize);
    }

    private static int position(int index, boolean wrap) {
        return index | (wrap ? WRAP : 0);
    }
}
