package dev.ringside.vhostuser;

import java.nio.ByteOrder;

/**
 * Constants of QEMU's docs/interop/vhost-user.rst, spelled as there without the VHOST_USER prefix.
 * The request types are in {@link FrontendRequest}.
 */
final class VhostUserSpec {
    /** "All numbers are in the machine native byte order." (Message Specification) */
    static final ByteOrder BYTE_ORDER = ByteOrder.nativeOrder();

    // Message Specification, Header
    static final int HEADER_SIZE = 12;
    static final int FLAG_VERSION_MASK = 0x3;
    static final int FLAG_VERSION = 0x1;
    static final int FLAG_REPLY = 0x4;
    static final int FLAG_NEED_REPLY = 0x8;

    // Message Specification, Payload: sizes in bytes
    static final int U64_SIZE = 8;
    static final int VRING_STATE_SIZE = 8;
    static final int VRING_ADDR_SIZE = 40;
    static final int MEM_TABLE_HEADER_SIZE = 8;
    static final int MEM_REGION_SIZE = 32;
    static final int SINGLE_MEM_REGION_SIZE = 8 + MEM_REGION_SIZE;
    static final int CONFIG_HEADER_SIZE = 12;
    static final int LOG_SIZE = 16;
    static final int INFLIGHT_SIZE = 24;

    /** Without the padding that compilers add. */
    static final int INFLIGHT_MIN_SIZE = 20;

    static final int SHMEM_CONFIG_SIZE = 8 + 256 * 8;

    /** Most regions of a SET_MEM_TABLE that a front-end in use sends. */
    static final int MAX_MEM_TABLE_REGIONS = 32;

    // Front-end message types: SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR
    static final long VRING_INDEX_MASK = 0xff;
    static final long VRING_NO_FD = 1L << 8;

    // linux/vhost_types.h: struct vhost_vring_addr, flags
    static final int VRING_F_LOG = 1;

    // Payload, Device state transfer parameters
    static final int DEVICE_STATE_PARAMETERS_SIZE = 8;
    static final int TRANSFER_SAVE = 0;
    static final int TRANSFER_LOAD = 1;
    static final int TRANSFER_PHASE_STOPPED = 0;

    // Front-end message types: SET_DEVICE_STATE_FD, bits of the reply
    static final long DEVICE_STATE_ERROR = 1;
    static final long DEVICE_STATE_NO_FD = 1L << 8;

    // Payload, An IOTLB message: its size and types
    static final int IOTLB_MSG_SIZE = 32;
    static final int IOTLB_MISS = 1;
    static final int IOTLB_UPDATE = 2;
    static final int IOTLB_INVALIDATE = 3;
    static final int IOTLB_ACCESS_FAIL = 4;

    // Payload, Virtio device config space
    static final int SET_CONFIG_WRITABLE = 0;
    static final int SET_CONFIG_LIVE_MIGRATION = 1;

    /** What rust-vmm's front-ends send for live migration; their 1 means writable. */
    static final int SET_CONFIG_LIVE_MIGRATION_RUST_VMM = 2;

    /**
     * Where the configuration space begins on the virtio-mmio transport. Releases of
     * cloud-hypervisor before 2026 count offsets from there.
     */
    static final int CONFIG_SPACE_MMIO_OFFSET = 0x100;

    // Feature bits: linux/vhost_types.h and Communication
    static final long F_LOG_ALL = 1L << 26;
    static final long F_PROTOCOL_FEATURES = 1L << 30;

    // Protocol features
    static final long PROTOCOL_F_MQ = 1L;
    static final long PROTOCOL_F_LOG_SHMFD = 1L << 1;
    static final long PROTOCOL_F_RARP = 1L << 2;
    static final long PROTOCOL_F_REPLY_ACK = 1L << 3;
    static final long PROTOCOL_F_MTU = 1L << 4;
    static final long PROTOCOL_F_BACKEND_REQ = 1L << 5;
    static final long PROTOCOL_F_PAGEFAULT = 1L << 8;
    static final long PROTOCOL_F_CONFIG = 1L << 9;
    static final long PROTOCOL_F_INFLIGHT_SHMFD = 1L << 12;
    static final long PROTOCOL_F_RESET_DEVICE = 1L << 13;
    static final long PROTOCOL_F_CONFIGURE_MEM_SLOTS = 1L << 15;
    static final long PROTOCOL_F_STATUS = 1L << 16;
    static final long PROTOCOL_F_GET_VRING_BASE_INFLIGHT = 1L << 20;

    static final long PROTOCOL_F_DEVICE_STATE = 1L << 19;

    // Back-end message types
    static final int BACKEND_IOTLB_MSG = 1;
    static final int BACKEND_CONFIG_CHANGE_MSG = 2;

    // Virtio 1.3, 2.1 Device Status Field
    static final int STATUS_RESET = 0;
    static final int STATUS_DEVICE_NEEDS_RESET = 0x40;
    static final int STATUS_MASK = 0xff;

    // Virtio 1.3, 6 Reserved Feature Bits, and 6.3 Legacy Interface
    static final long VIRTIO_F_NOTIFY_ON_EMPTY = 1L << 24;
    static final long VIRTIO_F_ANY_LAYOUT = 1L << 27;
    static final long VIRTIO_F_ORDER_PLATFORM = 1L << 36;
    static final long VIRTIO_F_SR_IOV = 1L << 37;
    static final long VIRTIO_F_NOTIFICATION_DATA = 1L << 38;
    static final long VIRTIO_F_RING_RESET = 1L << 40;

    // Virtio 1.3, 2.7 Split Virtqueues
    static final int MAX_SPLIT_QUEUE_SIZE = 32768;

    private VhostUserSpec() {}
}
