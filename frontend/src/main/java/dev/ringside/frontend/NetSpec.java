package dev.ringside.frontend;

/** Numbers of virtio-net: virtio 1.3 section 5.1 and {@code linux/virtio_net.h}. */
public final class NetSpec {
    /** Bytes of an Ethernet address. */
    public static final int MAC_BYTES = 6;

    /** Destination, source, type: the Ethernet header without a VLAN tag. */
    public static final int ETHERNET_HEADER_BYTES = 14;

    /** Section 5.1.6: the header up to csum_offset, of devices without VERSION_1 and MRG_RXBUF. */
    public static final int HEADER_BYTES_LEGACY = 10;

    /** Section 5.1.6: the header with num_buffers. */
    public static final int HEADER_BYTES = 12;

    /** Section 5.1.6: the header with the fields of HASH_REPORT. */
    public static final int HEADER_BYTES_HASH = 20;

    /** Section 5.1.6.3.1: the most bytes of a frame that GSO makes, header of it included. */
    public static final int MAX_FRAME_BYTES = 65_550;

    public static final int F_CSUM = 0;
    public static final int F_GUEST_CSUM = 1;
    public static final int F_CTRL_GUEST_OFFLOADS = 2;
    public static final int F_MTU = 3;
    public static final int F_MAC = 5;
    public static final int F_GUEST_TSO4 = 7;
    public static final int F_GUEST_TSO6 = 8;
    public static final int F_GUEST_ECN = 9;
    public static final int F_GUEST_UFO = 10;
    public static final int F_HOST_TSO4 = 11;
    public static final int F_HOST_TSO6 = 12;
    public static final int F_HOST_ECN = 13;
    public static final int F_HOST_UFO = 14;
    public static final int F_MRG_RXBUF = 15;
    public static final int F_STATUS = 16;
    public static final int F_CTRL_VQ = 17;
    public static final int F_CTRL_RX = 18;
    public static final int F_CTRL_VLAN = 19;
    public static final int F_CTRL_RX_EXTRA = 20;
    public static final int F_GUEST_ANNOUNCE = 21;
    public static final int F_MQ = 22;
    public static final int F_CTRL_MAC_ADDR = 23;
    public static final int F_GUEST_USO4 = 54;
    public static final int F_GUEST_USO6 = 55;
    public static final int F_HOST_USO = 56;
    public static final int F_HASH_REPORT = 57;
    public static final int F_GUEST_HDRLEN = 59;
    public static final int F_RSS = 60;
    public static final int F_SPEED_DUPLEX = 63;

    /** Header flags: the device, or the driver's peer, must put a checksum in. */
    public static final int HDR_F_NEEDS_CSUM = 1;

    /** Header flags, towards the driver: the checksum was found right. */
    public static final int HDR_F_DATA_VALID = 2;

    /** Header flags, towards the driver: csum_start and csum_offset count segments. */
    public static final int HDR_F_RSC_INFO = 4;

    public static final int GSO_NONE = 0;
    public static final int GSO_TCPV4 = 1;
    public static final int GSO_UDP = 3;
    public static final int GSO_TCPV6 = 4;
    public static final int GSO_UDP_L4 = 5;
    public static final int GSO_ECN = 0x80;

    public static final int HDR_FLAGS = 0;
    public static final int HDR_GSO_TYPE = 1;
    public static final int HDR_HDR_LEN = 2;
    public static final int HDR_GSO_SIZE = 4;
    public static final int HDR_CSUM_START = 6;
    public static final int HDR_CSUM_OFFSET = 8;
    public static final int HDR_NUM_BUFFERS = 10;
    public static final int HDR_HASH_VALUE = 12;
    public static final int HDR_HASH_REPORT = 16;

    public static final int CONFIG_MAC = 0;
    public static final int CONFIG_STATUS = 6;
    public static final int CONFIG_MAX_VIRTQUEUE_PAIRS = 8;
    public static final int CONFIG_MTU = 10;
    public static final int CONFIG_SPEED = 12;
    public static final int CONFIG_DUPLEX = 16;
    public static final int CONFIG_RSS_MAX_KEY_SIZE = 17;
    public static final int CONFIG_RSS_MAX_INDIRECTION_TABLE_LENGTH = 18;
    public static final int CONFIG_SUPPORTED_HASH_TYPES = 20;

    /** Section 5.1.4: {@code struct virtio_net_config} up to supported_hash_types. */
    public static final int CONFIG_BYTES = 24;

    public static final int S_LINK_UP = 1;
    public static final int S_ANNOUNCE = 2;

    public static final int CTRL_RX = 0;
    public static final int CTRL_RX_PROMISC = 0;
    public static final int CTRL_RX_ALLMULTI = 1;
    public static final int CTRL_RX_ALLUNI = 2;
    public static final int CTRL_RX_NOMULTI = 3;
    public static final int CTRL_RX_NOUNI = 4;
    public static final int CTRL_RX_NOBCAST = 5;
    public static final int CTRL_MAC = 1;
    public static final int CTRL_MAC_TABLE_SET = 0;
    public static final int CTRL_MAC_ADDR_SET = 1;
    public static final int CTRL_VLAN = 2;
    public static final int CTRL_VLAN_ADD = 0;
    public static final int CTRL_VLAN_DEL = 1;
    public static final int CTRL_ANNOUNCE = 3;
    public static final int CTRL_ANNOUNCE_ACK = 0;
    public static final int CTRL_MQ = 4;
    public static final int CTRL_MQ_VQ_PAIRS_SET = 0;
    public static final int CTRL_MQ_RSS_CONFIG = 1;
    public static final int CTRL_MQ_HASH_CONFIG = 2;
    public static final int CTRL_GUEST_OFFLOADS = 5;
    public static final int CTRL_GUEST_OFFLOADS_SET = 0;

    /** Section 5.1.6.5: the device did what the command says. */
    public static final int CTRL_OK = 0;

    /** Section 5.1.6.5: it did not. */
    public static final int CTRL_ERR = 1;

    private NetSpec() {}
}
