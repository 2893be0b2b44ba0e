package dev.ringside.virtqueue;

/** Layout of the in-flight region: QEMU's docs/interop/vhost-user.rst, Inflight I/O tracking. */
final class InflightSpec {
    /** Each queue's part begins at a multiple of this, as with libvhost-user and DPDK. */
    static final int QUEUE_ALIGN = 64;

    // QueueRegionSplit and QueueRegionPacked begin alike.

    /** u64: 0. */
    static final int FEATURES = 0;

    /** u16: {@link #VERSION_NOW}, or 0: nobody used it yet. */
    static final int VERSION = 8;

    /** u16: entries of desc[]. */
    static final int DESC_NUM = 10;

    static final int VERSION_NOW = 1;

    // QueueRegionSplit

    /** u16: the head that was used last. */
    static final int SPLIT_LAST_BATCH_HEAD = 12;

    /** u16: the used index, once everything before it is no longer in flight. */
    static final int SPLIT_USED_IDX = 14;

    static final int SPLIT_DESC = 16;

    // DescStateSplit: u8 inflight, u8 padding[5], u16 next, u64 counter

    static final int SPLIT_DESC_BYTES = 16;
    static final int SPLIT_DESC_INFLIGHT = 0;

    /** u16: the head that was used before this one. */
    static final int SPLIT_DESC_NEXT = 6;

    static final int SPLIT_DESC_COUNTER = 8;

    // QueueRegionPacked: 29 bytes of fields, padded to the alignment of desc[]

    static final int PACKED_DESC = 32;
    static final int PACKED_DESC_BYTES = 32;

    private InflightSpec() {}
}
