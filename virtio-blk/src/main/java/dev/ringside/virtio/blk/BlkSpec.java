package dev.ringside.virtio.blk;

/**
 * Constants of {@code linux/virtio_blk.h} (virtio 1.3, section 5.2). Feature bits are masks;
 * offsets and sizes are bytes.
 */
final class BlkSpec {
    /** Virtio device ID of a block device (section 5). */
    static final int DEVICE_ID = 2;

    // Section 5.2.3, feature bits.
    static final long VIRTIO_BLK_F_SIZE_MAX = 1L << 1;
    static final long VIRTIO_BLK_F_SEG_MAX = 1L << 2;
    static final long VIRTIO_BLK_F_RO = 1L << 5;
    static final long VIRTIO_BLK_F_BLK_SIZE = 1L << 6;
    static final long VIRTIO_BLK_F_FLUSH = 1L << 9;
    static final long VIRTIO_BLK_F_TOPOLOGY = 1L << 10;
    static final long VIRTIO_BLK_F_CONFIG_WCE = 1L << 11;
    static final long VIRTIO_BLK_F_MQ = 1L << 12;
    static final long VIRTIO_BLK_F_DISCARD = 1L << 13;
    static final long VIRTIO_BLK_F_WRITE_ZEROES = 1L << 14;
    static final long VIRTIO_BLK_F_LIFETIME = 1L << 15;
    static final long VIRTIO_BLK_F_SECURE_ERASE = 1L << 16;

    // Section 5.2.6, request types.
    static final int VIRTIO_BLK_T_IN = 0;
    static final int VIRTIO_BLK_T_OUT = 1;
    static final int VIRTIO_BLK_T_FLUSH = 4;
    static final int VIRTIO_BLK_T_GET_ID = 8;
    static final int VIRTIO_BLK_T_GET_LIFETIME = 10;
    static final int VIRTIO_BLK_T_DISCARD = 11;
    static final int VIRTIO_BLK_T_WRITE_ZEROES = 13;
    static final int VIRTIO_BLK_T_SECURE_ERASE = 14;

    // Section 5.2.6, status.
    static final int VIRTIO_BLK_S_OK = 0;
    static final int VIRTIO_BLK_S_IOERR = 1;
    static final int VIRTIO_BLK_S_UNSUPP = 2;

    /** Units of sectors, whatever the block size is. */
    static final int SECTOR_BYTES = 512;

    static final int SECTOR_SHIFT = 9;

    /** Length of the serial in a GET_ID answer. */
    static final int VIRTIO_BLK_ID_BYTES = 20;

    // struct virtio_blk_outhdr
    static final int HEADER_BYTES = 16;
    static final int HEADER_TYPE = 0;
    static final int HEADER_SECTOR = 8;

    // struct virtio_blk_discard_write_zeroes
    static final int RANGE_BYTES = 16;
    static final int RANGE_SECTOR = 0;
    static final int RANGE_SECTORS = 8;
    static final int RANGE_FLAGS = 12;

    /** The only flag of a range. */
    static final int VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP = 1;

    /** struct virtio_blk_lifetime: three 16-bit words. */
    static final int LIFETIME_BYTES = 6;

    // struct virtio_blk_config
    static final int CONFIG_CAPACITY = 0;
    static final int CONFIG_SIZE_MAX = 8;
    static final int CONFIG_SEG_MAX = 12;
    static final int CONFIG_GEOMETRY = 16;
    static final int CONFIG_BLK_SIZE = 20;
    static final int CONFIG_PHYSICAL_BLOCK_EXP = 24;
    static final int CONFIG_ALIGNMENT_OFFSET = 25;
    static final int CONFIG_MIN_IO_SIZE = 26;
    static final int CONFIG_OPT_IO_SIZE = 28;
    static final int CONFIG_WCE = 32;
    static final int CONFIG_NUM_QUEUES = 34;
    static final int CONFIG_MAX_DISCARD_SECTORS = 36;
    static final int CONFIG_MAX_DISCARD_SEG = 40;
    static final int CONFIG_DISCARD_SECTOR_ALIGNMENT = 44;
    static final int CONFIG_MAX_WRITE_ZEROES_SECTORS = 48;
    static final int CONFIG_MAX_WRITE_ZEROES_SEG = 52;
    static final int CONFIG_WRITE_ZEROES_MAY_UNMAP = 56;
    static final int CONFIG_MAX_SECURE_ERASE_SECTORS = 60;
    static final int CONFIG_MAX_SECURE_ERASE_SEG = 64;
    static final int CONFIG_SECURE_ERASE_SECTOR_ALIGNMENT = 68;
    static final int CONFIG_BYTES = 72;

    private BlkSpec() {}
}
