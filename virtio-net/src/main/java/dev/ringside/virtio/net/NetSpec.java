package dev.ringside.virtio.net;

/**
 * Constants of {@code linux/virtio_net.h} (virtio 1.3, section 5.1). Feature bits are masks;
 * offsets and sizes are bytes.
 */
final class NetSpec {
    /** Virtio device ID of a network device (section 5). */
    static final int DEVICE_ID = 1;

    // Section 5.1.3, feature bits.
    static final long VIRTIO_NET_F_CSUM = 1L;
    static final long VIRTIO_NET_F_GUEST_CSUM = 1L << 1;
    static final long VIRTIO_NET_F_CTRL_GUEST_OFFLOADS = 1L << 2;
    static final long VIRTIO_NET_F_MTU = 1L << 3;
    static final long VIRTIO_NET_F_MAC = 1L << 5;

    /** Legacy: the device takes any kind of segmentation. */
    static final long VIRTIO_NET_F_GSO = 1L << 6;

    static final long VIRTIO_NET_F_GUEST_TSO4 = 1L << 7;
    static final long VIRTIO_NET_F_GUEST_TSO6 = 1L << 8;
    static final long VIRTIO_NET_F_GUEST_ECN = 1L << 9;
    static final long VIRTIO_NET_F_GUEST_UFO = 1L << 10;
    static final long VIRTIO_NET_F_HOST_TSO4 = 1L << 11;
    static final long VIRTIO_NET_F_HOST_TSO6 = 1L << 12;
    static final long VIRTIO_NET_F_HOST_ECN = 1L << 13;
    static final long VIRTIO_NET_F_HOST_UFO = 1L << 14;
    static final long VIRTIO_NET_F_MRG_RXBUF = 1L << 15;
    static final long VIRTIO_NET_F_STATUS = 1L << 16;
    static final long VIRTIO_NET_F_CTRL_VQ = 1L << 17;
    static final long VIRTIO_NET_F_CTRL_RX = 1L << 18;
    static final long VIRTIO_NET_F_CTRL_VLAN = 1L << 19;
    static final long VIRTIO_NET_F_CTRL_RX_EXTRA = 1L << 20;
    static final long VIRTIO_NET_F_GUEST_ANNOUNCE = 1L << 21;
    static final long VIRTIO_NET_F_MQ = 1L << 22;
    static final long VIRTIO_NET_F_CTRL_MAC_ADDR = 1L << 23;

    // Debian's header is older than the specification: it lacks 54 to 56.
    static final long VIRTIO_NET_F_GUEST_USO4 = 1L << 54;
    static final long VIRTIO_NET_F_GUEST_USO6 = 1L << 55;
    static final long VIRTIO_NET_F_HOST_USO = 1L << 56;
    static final long VIRTIO_NET_F_HASH_REPORT = 1L << 57;
    static final long VIRTIO_NET_F_RSS = 1L << 60;
    static final long VIRTIO_NET_F_SPEED_DUPLEX = 1L << 63;

    // Section 5.1.4, struct virtio_net_config.
    static final int CONFIG_MAC = 0;
    static final int CONFIG_STATUS = 6;
    static final int CONFIG_MAX_VIRTQUEUE_PAIRS = 8;
    static final int CONFIG_MTU = 10;
    static final int CONFIG_SPEED = 12;
    static final int CONFIG_DUPLEX = 16;
    static final int CONFIG_RSS_MAX_KEY_SIZE = 17;
    static final int CONFIG_RSS_MAX_INDIRECTION_TABLE_LENGTH = 18;
    static final int CONFIG_SUPPORTED_HASH_TYPES = 20;
    static final int CONFIG_BYTES = 24;

    static final int VIRTIO_NET_S_LINK_UP = 1;
    static final int VIRTIO_NET_S_ANNOUNCE = 2;
    static final int DUPLEX_FULL = 1;
    static final int DUPLEX_UNKNOWN = 0xff;
    static final int MAC_BYTES = 6;

    // Section 5.1.6, struct virtio_net_hdr.
    static final int HEADER_FLAGS = 0;
    static final int HEADER_GSO_TYPE = 1;
    static final int HEADER_HDR_LEN = 2;
    static final int HEADER_GSO_SIZE = 4;
    static final int HEADER_CSUM_START = 6;
    static final int HEADER_CSUM_OFFSET = 8;
    static final int HEADER_NUM_BUFFERS = 10;
    static final int HEADER_HASH_VALUE = 12;
    static final int HEADER_HASH_REPORT = 16;
    static final int HEADER_PADDING = 18;

    /** Without VIRTIO_F_VERSION_1 and without MRG_RXBUF there is no {@code num_buffers}. */
    static final int LEGACY_HEADER_BYTES = 10;

    static final int HEADER_BYTES = 12;
    static final int HASH_HEADER_BYTES = 20;

    static final int VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
    static final int VIRTIO_NET_HDR_F_DATA_VALID = 2;

    static final int VIRTIO_NET_HDR_GSO_ECN = 0x80;

    // Section 5.1.6.5, control commands: classes and, below each, its commands.
    static final int VIRTIO_NET_OK = 0;
    static final int VIRTIO_NET_ERR = 1;

    static final int VIRTIO_NET_CTRL_RX = 0;
    static final int VIRTIO_NET_CTRL_RX_PROMISC = 0;
    static final int VIRTIO_NET_CTRL_RX_ALLMULTI = 1;
    static final int VIRTIO_NET_CTRL_RX_ALLUNI = 2;
    static final int VIRTIO_NET_CTRL_RX_NOMULTI = 3;
    static final int VIRTIO_NET_CTRL_RX_NOUNI = 4;
    static final int VIRTIO_NET_CTRL_RX_NOBCAST = 5;

    static final int VIRTIO_NET_CTRL_MAC = 1;
    static final int VIRTIO_NET_CTRL_MAC_TABLE_SET = 0;
    static final int VIRTIO_NET_CTRL_MAC_ADDR_SET = 1;

    static final int VIRTIO_NET_CTRL_VLAN = 2;
    static final int VIRTIO_NET_CTRL_VLAN_ADD = 0;
    static final int VIRTIO_NET_CTRL_VLAN_DEL = 1;

    static final int VIRTIO_NET_CTRL_ANNOUNCE = 3;
    static final int VIRTIO_NET_CTRL_ANNOUNCE_ACK = 0;

    static final int VIRTIO_NET_CTRL_MQ = 4;
    static final int VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET = 0;
    static final int VIRTIO_NET_CTRL_MQ_RSS_CONFIG = 1;
    static final int VIRTIO_NET_CTRL_MQ_HASH_CONFIG = 2;

    static final int VIRTIO_NET_CTRL_GUEST_OFFLOADS = 5;
    static final int VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET = 0;

    /** Most entries of an indirection table that we take. */
    static final int RSS_TABLE_LENGTH = 128;

    /** The class and the command before a command's data. */
    static final int CONTROL_HEADER_BYTES = 2;

    /** Lowest MTU that may be told (section 5.1.4.1). */
    static final int MIN_MTU = 68;

    static final int MAX_MTU = 65535;

    /** An Ethernet header with two VLAN tags: what an MTU does not count. */
    static final int LOW_LEVEL_HEADER_BYTES = 22;

    private NetSpec() {}
}
