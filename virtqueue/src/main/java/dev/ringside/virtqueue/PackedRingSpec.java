package dev.ringside.virtqueue;

/** The packed ring's layout: {@code linux/virtio_ring.h} (virtio 1.3, section 2.8). */
final class PackedRingSpec {
    /** Section 2.8: the largest Queue Size. It need not be a power of two. */
    static final int MAX_QUEUE_SIZE = 32768;

    /** Section 2.8.13: {@code struct pvirtq_desc}: le64 addr, le32 len, le16 id, le16 flags. */
    static final int DESCRIPTOR_BYTES = 16;

    /** Offset of len, id and flags, which are read and written as one 64-bit word. */
    static final int DESCRIPTOR_META = 8;

    static final int DESCRIPTOR_FLAGS = 14;

    /** Section 2.8.6: the chain goes on at the next descriptor. */
    static final int VIRTQ_DESC_F_NEXT = 1;

    /** Section 2.8.3: device-writable; in a used descriptor: the device wrote something. */
    static final int VIRTQ_DESC_F_WRITE = 2;

    /** Section 2.8.7: the buffer holds a table of descriptors. */
    static final int VIRTQ_DESC_F_INDIRECT = 4;

    /** Section 2.8.1: available when it equals the driver's wrap counter. */
    static final int VRING_PACKED_DESC_F_AVAIL = 1 << 7;

    /** Section 2.8.1: used when it equals the device's wrap counter. */
    static final int VRING_PACKED_DESC_F_USED = 1 << 15;

    /** Section 2.8.14: {@code struct pvirtq_event_suppress}: le16 desc, le16 flags. */
    static final int EVENT_BYTES = 4;

    /** Section 2.8.14: the event's wrap counter, above the 15 bits of its offset. */
    static final int EVENT_WRAP = 1 << 15;

    /** Section 2.8.14: the flags are two bits; the others are reserved. */
    static final int EVENT_FLAGS_MASK = 3;

    /** Section 2.8.10: notify. */
    static final int RING_EVENT_FLAGS_ENABLE = 0;

    /** Section 2.8.10: do not notify. */
    static final int RING_EVENT_FLAGS_DISABLE = 1;

    /** Section 2.8.10: notify for one descriptor. Only with EVENT_IDX. */
    static final int RING_EVENT_FLAGS_DESC = 2;

    /** Section 2.8.10.1: alignment of the areas. */
    static final int DESCRIPTOR_ALIGN = 16;

    static final int EVENT_ALIGN = 4;

    /** Section 2.8.5: the same limit as a split ring's. */
    static final long MAX_CHAIN_BYTES = 1L << 32;

    private PackedRingSpec() {}
}
