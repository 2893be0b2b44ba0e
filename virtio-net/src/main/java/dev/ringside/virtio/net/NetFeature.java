package dev.ringside.virtio.net;

import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtqueue.VirtioSpec;

/** Which features a NIC offers, and what follows from the negotiated ones. */
final class NetFeature {
    private static final long RING =
            VirtioSpec.VIRTIO_F_VERSION_1
                    | VirtioSpec.VIRTIO_F_ANY_LAYOUT
                    | VirtioSpec.VIRTIO_F_ACCESS_PLATFORM
                    | VirtioSpec.VIRTIO_F_IN_ORDER
                    | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC
                    | VirtioSpec.VIRTIO_RING_F_EVENT_IDX
                    | VirtioSpec.VIRTIO_F_RING_PACKED;

    private static final long TRANSMIT =
            NetSpec.VIRTIO_NET_F_CSUM
                    | NetSpec.VIRTIO_NET_F_GSO
                    | NetSpec.VIRTIO_NET_F_HOST_TSO4
                    | NetSpec.VIRTIO_NET_F_HOST_TSO6
                    | NetSpec.VIRTIO_NET_F_HOST_ECN
                    | NetSpec.VIRTIO_NET_F_HOST_UFO
                    | NetSpec.VIRTIO_NET_F_HOST_USO;

    private static final long RECEIVE =
            NetSpec.VIRTIO_NET_F_GUEST_CSUM
                    | NetSpec.VIRTIO_NET_F_GUEST_TSO4
                    | NetSpec.VIRTIO_NET_F_GUEST_TSO6
                    | NetSpec.VIRTIO_NET_F_GUEST_ECN
                    | NetSpec.VIRTIO_NET_F_GUEST_UFO
                    | NetSpec.VIRTIO_NET_F_GUEST_USO4
                    | NetSpec.VIRTIO_NET_F_GUEST_USO6
                    | NetSpec.VIRTIO_NET_F_MRG_RXBUF;

    /** GUEST_ features that a driver may switch off and on (section 5.1.6.5.6). */
    private static final long SWITCHABLE = RECEIVE & ~NetSpec.VIRTIO_NET_F_MRG_RXBUF;

    private static final long CONTROL =
            NetSpec.VIRTIO_NET_F_CTRL_VQ
                    | NetSpec.VIRTIO_NET_F_CTRL_RX
                    | NetSpec.VIRTIO_NET_F_CTRL_RX_EXTRA
                    | NetSpec.VIRTIO_NET_F_CTRL_VLAN
                    | NetSpec.VIRTIO_NET_F_CTRL_MAC_ADDR
                    | NetSpec.VIRTIO_NET_F_CTRL_GUEST_OFFLOADS
                    | NetSpec.VIRTIO_NET_F_GUEST_ANNOUNCE
                    | NetSpec.VIRTIO_NET_F_HASH_REPORT;

    private static final long CONFIG =
            NetSpec.VIRTIO_NET_F_MTU
                    | NetSpec.VIRTIO_NET_F_STATUS
                    | NetSpec.VIRTIO_NET_F_SPEED_DUPLEX;

    private NetFeature() {}

    /** All features that this NIC can honour. */
    static long offered(NetConfig config) {
        return RING
                | TRANSMIT
                | RECEIVE
                | CONTROL
                | CONFIG
                | when(config.queuePairs() > 1, NetSpec.VIRTIO_NET_F_MQ | NetSpec.VIRTIO_NET_F_RSS)
                | when(config.mac() != 0, NetSpec.VIRTIO_NET_F_MAC);
    }

    private static long when(boolean condition, long bits) {
        return condition ? bits : 0;
    }

    /** Length of the header before each frame (section 5.1.6). */
    static int headerBytes(long negotiated) {
        if (has(negotiated, NetSpec.VIRTIO_NET_F_HASH_REPORT)) {
            return NetSpec.HASH_HEADER_BYTES;
        }
        boolean long12 =
                (negotiated & (VirtioSpec.VIRTIO_F_VERSION_1 | NetSpec.VIRTIO_NET_F_MRG_RXBUF))
                        != 0;
        return long12 ? NetSpec.HEADER_BYTES : NetSpec.LEGACY_HEADER_BYTES;
    }

    /** {@link Offload} bits that the driver may leave undone on what it transmits. */
    static int transmitOffloads(long negotiated) {
        if (!has(negotiated, NetSpec.VIRTIO_NET_F_CSUM)) {
            return Offload.NONE;
        }
        int any = Offload.TSO4 | Offload.TSO6 | Offload.ECN | Offload.UFO;
        return Offload.CSUM
                | when(negotiated, NetSpec.VIRTIO_NET_F_GSO, any)
                | when(negotiated, NetSpec.VIRTIO_NET_F_HOST_TSO4, Offload.TSO4)
                | when(negotiated, NetSpec.VIRTIO_NET_F_HOST_TSO6, Offload.TSO6)
                | when(negotiated, NetSpec.VIRTIO_NET_F_HOST_ECN, Offload.ECN)
                | when(negotiated, NetSpec.VIRTIO_NET_F_HOST_UFO, Offload.UFO)
                | when(negotiated, NetSpec.VIRTIO_NET_F_HOST_USO, Offload.USO4 | Offload.USO6);
    }

    /**
     * {@link Offload} bits that the driver takes on what it receives.
     *
     * @param guestBits GUEST_ feature bits: negotiated, or chosen later by the driver
     */
    static int receiveOffloads(long guestBits) {
        if (!has(guestBits, NetSpec.VIRTIO_NET_F_GUEST_CSUM)) {
            return Offload.NONE;
        }
        return Offload.CSUM
                | when(guestBits, NetSpec.VIRTIO_NET_F_GUEST_TSO4, Offload.TSO4)
                | when(guestBits, NetSpec.VIRTIO_NET_F_GUEST_TSO6, Offload.TSO6)
                | when(guestBits, NetSpec.VIRTIO_NET_F_GUEST_ECN, Offload.ECN)
                | when(guestBits, NetSpec.VIRTIO_NET_F_GUEST_UFO, Offload.UFO)
                | when(guestBits, NetSpec.VIRTIO_NET_F_GUEST_USO4, Offload.USO4)
                | when(guestBits, NetSpec.VIRTIO_NET_F_GUEST_USO6, Offload.USO6);
    }

    /** The features of a set that a driver may switch off and on. */
    static long switchable(long features) {
        return features & SWITCHABLE;
    }

    /** Which queue is the control queue (section 5.1.2). */
    static int controlQueue(long negotiated, int queuePairs) {
        boolean many = (negotiated & (NetSpec.VIRTIO_NET_F_MQ | NetSpec.VIRTIO_NET_F_RSS)) != 0;
        return many ? 2 * queuePairs : 2;
    }

    static boolean has(long features, long bits) {
        return (features & bits) == bits;
    }

    private static int when(long features, long bit, int offloads) {
        return has(features, bit) ? offloads : Offload.NONE;
    }
}
