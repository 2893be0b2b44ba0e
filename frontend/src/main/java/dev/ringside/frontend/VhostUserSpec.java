package dev.ringside.frontend;

/**
 * Numbers of the vhost-user protocol: QEMU's {@code docs/interop/vhost-user.rst}, sections
 * "Header", "Protocol features", "Front-end message types" and "Back-end message types".
 */
public final class VhostUserSpec {
    /** Bytes of the header: request, flags, payload size, each 32 bits. */
    public static final int HEADER_BYTES = 12;

    /** Header flags, bits 0 and 1: the only version there is. */
    public static final int VERSION = 0x1;

    /** Header flags, bit 2: this message is a reply. */
    public static final int REPLY = 0x4;

    /** Header flags, bit 3: the sender wants an acknowledgement (REPLY_ACK). */
    public static final int NEED_REPLY = 0x8;

    /** Payload of SET_VRING_KICK, CALL and ERR, bit 8: no file descriptor comes along. */
    public static final int VRING_NOFD = 0x100;

    /** Flags of SET_VRING_ADDR, bit 0: writes to the used ring are logged. */
    public static final int VRING_F_LOG = 1;

    /** One bit of a dirty log stands for so many bytes. */
    public static final int LOG_PAGE_BYTES = 0x1000;

    /** SET_DEVICE_STATE_FD, direction: the back-end writes. */
    public static final int TRANSFER_SAVE = 0;

    /** SET_DEVICE_STATE_FD, direction: the back-end reads. */
    public static final int TRANSFER_LOAD = 1;

    /** Bytes of one memory region description. */
    public static final int MEMORY_REGION_BYTES = 32;

    /** The most regions one SET_MEM_TABLE may carry in any front-end known. */
    public static final int MAX_TABLE_REGIONS = 32;

    /** Virtio feature bit by which the back-end offers protocol features. */
    public static final int F_PROTOCOL_FEATURES = 30;

    /** Virtio feature bit that turns on dirty logging. */
    public static final int F_LOG_ALL = 26;

    public static final int PROTOCOL_F_MQ = 0;
    public static final int PROTOCOL_F_LOG_SHMFD = 1;
    public static final int PROTOCOL_F_RARP = 2;
    public static final int PROTOCOL_F_REPLY_ACK = 3;
    public static final int PROTOCOL_F_MTU = 4;
    public static final int PROTOCOL_F_BACKEND_REQ = 5;
    public static final int PROTOCOL_F_CROSS_ENDIAN = 6;
    public static final int PROTOCOL_F_CRYPTO_SESSION = 7;
    public static final int PROTOCOL_F_PAGEFAULT = 8;
    public static final int PROTOCOL_F_CONFIG = 9;
    public static final int PROTOCOL_F_BACKEND_SEND_FD = 10;
    public static final int PROTOCOL_F_HOST_NOTIFIER = 11;
    public static final int PROTOCOL_F_INFLIGHT_SHMFD = 12;
    public static final int PROTOCOL_F_RESET_DEVICE = 13;
    public static final int PROTOCOL_F_INBAND_NOTIFICATIONS = 14;
    public static final int PROTOCOL_F_CONFIGURE_MEM_SLOTS = 15;
    public static final int PROTOCOL_F_STATUS = 16;
    public static final int PROTOCOL_F_DEVICE_STATE = 19;

    public static final int GET_FEATURES = 1;
    public static final int SET_FEATURES = 2;
    public static final int SET_OWNER = 3;
    public static final int RESET_OWNER = 4;
    public static final int SET_MEM_TABLE = 5;
    public static final int SET_LOG_BASE = 6;
    public static final int SET_LOG_FD = 7;
    public static final int SET_VRING_NUM = 8;
    public static final int SET_VRING_ADDR = 9;
    public static final int SET_VRING_BASE = 10;
    public static final int GET_VRING_BASE = 11;
    public static final int SET_VRING_KICK = 12;
    public static final int SET_VRING_CALL = 13;
    public static final int SET_VRING_ERR = 14;
    public static final int GET_PROTOCOL_FEATURES = 15;
    public static final int SET_PROTOCOL_FEATURES = 16;
    public static final int GET_QUEUE_NUM = 17;
    public static final int SET_VRING_ENABLE = 18;
    public static final int SEND_RARP = 19;
    public static final int NET_SET_MTU = 20;
    public static final int SET_BACKEND_REQ_FD = 21;
    public static final int IOTLB_MSG = 22;
    public static final int SET_VRING_ENDIAN = 23;
    public static final int GET_CONFIG = 24;
    public static final int SET_CONFIG = 25;

    public static final int POSTCOPY_ADVISE = 28;
    public static final int POSTCOPY_LISTEN = 29;
    public static final int POSTCOPY_END = 30;

    /** An in-flight description: two u64, two u16, and the padding that compilers add. */
    public static final int INFLIGHT_BYTES = 24;

    public static final int GET_INFLIGHT_FD = 31;
    public static final int SET_INFLIGHT_FD = 32;
    public static final int RESET_DEVICE = 34;
    public static final int GET_MAX_MEM_SLOTS = 36;
    public static final int ADD_MEM_REG = 37;
    public static final int REM_MEM_REG = 38;
    public static final int SET_STATUS = 39;
    public static final int GET_STATUS = 40;
    public static final int SET_DEVICE_STATE_FD = 42;
    public static final int CHECK_DEVICE_STATE = 43;

    /** The highest front-end message number known. */
    public static final int LAST_FRONTEND_REQUEST = 44;

    /** Back-end message: the configuration changed. */
    public static final int BACKEND_IOTLB_MSG = 1;

    public static final int BACKEND_CONFIG_CHANGE_MSG = 2;

    private VhostUserSpec() {}

    /** The mask of one feature bit. */
    public static long bit(final int number) {
        return 1L << number;
    }

    /** The mask of several. */
    public static long bits(final int... numbers) {
        long mask = 0;
        for (final int number : numbers) {
            mask |= bit(number);
        }
        return mask;
    }
}
