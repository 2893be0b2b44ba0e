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

    /** u16 version, u16 desc_num, u16 free_head, u16 old_free_head: one word. */
    static final int PACKED_HEADS = 8;

    /** u16 used_idx, u16 old_used_idx, u8 used_wrap_counter, u8 old_used_wrap_counter, padding. */
    static final int PACKED_POSITIONS = 16;

    static final int PACKED_DESC = 32;

    // DescStatePacked: u8 inflight, u8 padding, u16 next, u16 last, u16 num, u64 counter, u16 id,
    // u16 flags, u32 len, u64 addr

    static final int PACKED_DESC_BYTES = 32;
    static final int PACKED_DESC_INFLIGHT = 0;

    /** u16: the next entry of the chain, or of the list of free ones. */
    static final int PACKED_DESC_NEXT = 2;

    /** u16: the chain's last entry. */
    static final int PACKED_DESC_LAST = 4;

    /** u16: how many entries the chain has. */
    static final int PACKED_DESC_NUM = 6;

    static final int PACKED_DESC_COUNTER = 8;

    /** u16 id, u16 flags, u32 len: the second word of a descriptor with its halves exchanged. */
    static final int PACKED_DESC_ID = 16;

    static final int PACKED_DESC_ADDR = 24;

    // Behind the queues' parts, in regions that Ringside made: not in the specification. A region
    // is
    // as large as its back-end says, so others pass over it.

    /** Bytes of the note; its word is the first 8 of them, the rest is zero. */
    static final int NOTE_BYTES = 64;

    /**
     * The upper half of the word, in every version: "RSNT". Below it are the complements of version
     * and choices, then the two. No queue's part ever has this at a multiple of 16.
     */
    static final int NOTE_MAGIC = 0x544e_5352;

    static final int NOTE_VERSION = 1;

    private InflightSpec() {}
}
