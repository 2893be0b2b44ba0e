package dev.ringside.shm;

/** Constants and layouts of linux/if_packet.h and linux/if_ether.h; checked by a test. */
final class PacketSpec {
    static final int AF_PACKET = 17;
    static final int SOCK_RAW = 3;
    static final int SOL_PACKET = 263;
    static final int ETH_P_ALL = 3;
    static final int ETH_P_8021Q = 0x8100;

    static final int PACKET_ADD_MEMBERSHIP = 1;
    static final int PACKET_RX_RING = 5;
    static final int PACKET_STATISTICS = 6;
    static final int PACKET_VERSION = 10;
    static final int PACKET_VNET_HDR = 15;
    static final int PACKET_FANOUT = 18;
    static final int PACKET_QDISC_BYPASS = 20;
    static final int PACKET_IGNORE_OUTGOING = 23;
    static final int PACKET_MR_PROMISC = 1;
    static final int PACKET_FANOUT_HASH = 0;
    static final int PACKET_FANOUT_FLAG_UNIQUEID = 0x2000;
    static final int TPACKET_V3 = 2;
    static final int TPACKET_ALIGNMENT = 16;

    static final int TP_STATUS_KERNEL = 0;
    static final int TP_STATUS_USER = 1;
    static final int TP_STATUS_LOSING = 4;
    static final int TP_STATUS_VLAN_VALID = 0x10;
    static final int TP_STATUS_VLAN_TPID_VALID = 0x40;
    static final int TP_STATUS_CSUM_VALID = 0x80;

    // struct sockaddr_ll
    static final int SLL_PROTOCOL = 2;
    static final int SLL_IFINDEX = 4;
    static final int SOCKADDR_LL_SIZE = 20;

    // struct packet_mreq
    static final int MR_IFINDEX = 0;
    static final int MR_TYPE = 4;
    static final int PACKET_MREQ_SIZE = 16;

    // struct tpacket_req3
    static final int REQ_BLOCK_SIZE = 0;
    static final int REQ_BLOCK_NR = 4;
    static final int REQ_FRAME_SIZE = 8;
    static final int REQ_FRAME_NR = 12;
    static final int REQ_RETIRE_BLK_TOV = 16;
    static final int TPACKET_REQ3_SIZE = 28;

    // struct tpacket_block_desc with struct tpacket_hdr_v1 in it
    static final int BLOCK_STATUS = 8;
    static final int BLOCK_NUM_PKTS = 12;
    static final int BLOCK_FIRST_PKT = 16;

    // struct tpacket3_hdr
    static final int FRAME_NEXT_OFFSET = 0;
    static final int FRAME_SNAPLEN = 12;
    static final int FRAME_LEN = 16;
    static final int FRAME_STATUS = 20;
    static final int FRAME_MAC = 24;
    static final int FRAME_VLAN_TCI = 32;
    static final int FRAME_VLAN_TPID = 36;

    // struct tpacket_stats_v3
    static final int STATS_DROPS = 4;
    static final int TPACKET_STATS_V3_SIZE = 12;

    private PacketSpec() {}
}
