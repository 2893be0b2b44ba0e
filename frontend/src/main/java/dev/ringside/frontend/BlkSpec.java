package dev.ringside.frontend;

/** Numbers of virtio-blk: virtio 1.3 section 5.2 and {@code linux/virtio_blk.h}. */
public final class BlkSpec {
    /** Section 5.2.4: sectors are always 512 bytes, whatever the block size. */
    public static final int SECTOR_BYTES = 512;

    /** Section 5.2.6: type, ioprio, sector. */
    public static final int HEADER_BYTES = 16;

    /** Section 5.2.6: one range of discard, write zeroes or secure erase. */
    public static final int RANGE_BYTES = 16;

    /** Section 5.2.6: the serial that GET_ID returns. */
    public static final int ID_BYTES = 20;

    /** {@code sizeof(struct virtio_blk_config)} up to the write-zeroes fields: what CH asks for. */
    public static final int CONFIG_BYTES = 60;

    public static final int F_SIZE_MAX = 1;
    public static final int F_SEG_MAX = 2;
    public static final int F_RO = 5;
    public static final int F_BLK_SIZE = 6;
    public static final int F_FLUSH = 9;
    public static final int F_TOPOLOGY = 10;
    public static final int F_CONFIG_WCE = 11;
    public static final int F_MQ = 12;
    public static final int F_DISCARD = 13;
    public static final int F_WRITE_ZEROES = 14;
    public static final int F_LIFETIME = 15;
    public static final int F_SECURE_ERASE = 16;

    public static final int T_IN = 0;
    public static final int T_OUT = 1;
    public static final int T_FLUSH = 4;
    public static final int T_GET_ID = 8;
    public static final int T_GET_LIFETIME = 10;
    public static final int T_DISCARD = 11;
    public static final int T_WRITE_ZEROES = 13;
    public static final int T_SECURE_ERASE = 14;

    public static final int S_OK = 0;
    public static final int S_IOERR = 1;
    public static final int S_UNSUPP = 2;

    /** Range flag of write zeroes: the device may deallocate. */
    public static final int WRITE_ZEROES_FLAG_UNMAP = 1;

    // Offsets in struct virtio_blk_config.
    public static final int CONFIG_CAPACITY = 0;
    public static final int CONFIG_SIZE_MAX = 8;
    public static final int CONFIG_SEG_MAX = 12;
    public static final int CONFIG_BLK_SIZE = 20;
    public static final int CONFIG_WCE = 32;
    public static final int CONFIG_NUM_QUEUES = 34;
    public static final int CONFIG_MAX_DISCARD_SECTORS = 36;
    public static final int CONFIG_MAX_DISCARD_SEG = 40;
    public static final int CONFIG_MAX_WRITE_ZEROES_SECTORS = 48;
    public static final int CONFIG_MAX_WRITE_ZEROES_SEG = 52;
    public static final int CONFIG_WRITE_ZEROES_MAY_UNMAP = 56;

    private BlkSpec() {}
}
