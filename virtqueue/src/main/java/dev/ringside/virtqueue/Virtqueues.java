package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import org.jspecify.annotations.Nullable;

/** Makes virtqueues of the kind that was negotiated. */
public final class Virtqueues {
    private Virtqueues() {}

    /**
     * A queue that goes on at a base: packed with VIRTIO_F_RING_PACKED, else split.
     *
     * @param layout where it lies
     * @param base from SET_VRING_BASE. Split: the available index of the first chain to take; the
     *     used index is taken from the ring, and when it contradicts the base, which is the guest's
     *     doing, the queue is made but has a {@link Virtqueue#fault()}. Packed: see {@link
     *     PackedBase}
     * @param features what was negotiated
     * @param memory where the ring and its buffers are
     * @param inflight where a split queue notes what is in flight; null: nowhere
     * @throws InvalidRingException when the size, the base, or an area's alignment or place is not
     *     one that such a ring can have
     */
    public static Virtqueue create(
            RingLayout layout,
            int base,
            long features,
            GuestMemory memory,
            @Nullable InflightRegion inflight)
            throws InvalidRingException {
        return isPacked(features)
                ? PackedVirtqueue.create(layout, base, features, memory, inflight)
                : SplitVirtqueue.create(layout, base, features, memory, inflight);
    }

    /** A queue without an in-flight region. */
    public static Virtqueue create(RingLayout layout, int base, long features, GuestMemory memory)
            throws InvalidRingException {
        return create(layout, base, features, memory, null);
    }

    /** Whether rings are packed with these features. */
    public static boolean isPacked(long features) {
        return (features & VirtioSpec.VIRTIO_F_RING_PACKED) != 0;
    }

    /** The base of a ring that nobody has used yet, of the kind that was negotiated. */
    public static int startBase(long features) {
        return isPacked(features) ? PackedBase.START : 0;
    }
}
