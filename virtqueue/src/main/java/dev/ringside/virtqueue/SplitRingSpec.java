package dev.ringside.virtqueue;

/** The split ring's layout: {@code linux/virtio_ring.h} (virtio 1.3, section 2.7). */
final class SplitRingSpec {
    /** Section 2.7: the largest Queue Size. */
    static final int MAX_QUEUE_SIZE = 32768;

    /** Section 2.7.5: {@code struct virtq_desc}: le64 addr, le32 len, le16 flags, le16 next. */
    static final int DESCRIPTOR_BYTES = 16;

    /** Offset of len, flags and next, which are read as one 64-bit word. */
    static final int DESCRIPTOR_META = 8;

    /** Section 2.7.5: the chain goes on at {@code next}. */
    static final int VIRTQ_DESC_F_NEXT = 1;

    /** Section 2.7.5: device-writable, else device-readable. */
    static final int VIRTQ_DESC_F_WRITE = 2;

    /** Section 2.7.5: the buffer holds a table of descriptors. */
    static final int VIRTQ_DESC_F_INDIRECT = 4;

    /** Section 2.7.6: {@code struct virtq_avail}: le16 flags. */
    static final int AVAIL_FLAGS = 0;

    /** Section 2.7.6: le16 idx. */
    static final int AVAIL_IDX = 2;

    /** Section 2.7.6: le16 ring[size], then le16 used_event. */
    static final int AVAIL_RING = 4;

    /** Section 2.7.6: an entry of the available ring. */
    static final int AVAIL_ENTRY_BYTES = 2;

    /** Section 2.7.7: the driver wants no call. Ignored with EVENT_IDX. */
    static final int VIRTQ_AVAIL_F_NO_INTERRUPT = 1;

    /** Section 2.7.8: {@code struct virtq_used}: le16 flags. */
    static final int USED_FLAGS = 0;

    /** Section 2.7.8: le16 idx. */
    static final int USED_IDX = 2;

    /** Section 2.7.8: {@code struct virtq_used_elem} ring[size], then le16 avail_event. */
    static final int USED_RING = 4;

    /** Section 2.7.8: {@code struct virtq_used_elem}: le32 id, le32 len. */
    static final int USED_ENTRY_BYTES = 8;

    /** Section 2.7.10: the device wants no kick. Zero with EVENT_IDX. */
    static final int VIRTQ_USED_F_NO_NOTIFY = 1;

    /** Size of {@code used_event} and {@code avail_event}, there only with EVENT_IDX. */
    static final int EVENT_BYTES = 2;

    /** Section 2.7: alignment of the three areas. */
    static final int DESCRIPTOR_ALIGN = 16;

    static final int AVAIL_ALIGN = 2;
    static final int USED_ALIGN = 4;

    /** Section 2.7.5.2: a chain holds at most 2^32 bytes. */
    static final long MAX_CHAIN_BYTES = 1L << 32;

    /** Section 2.7.8: where avail_event is in the device area of a ring of so many entries. */
    static long availEvent(int size) {
        return USED_RING + (long) USED_ENTRY_BYTES * size;
    }

    private SplitRingSpec() {}
}
