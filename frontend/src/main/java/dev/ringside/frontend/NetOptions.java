package dev.ringside.frontend;

import static dev.ringside.frontend.VhostUserSpec.bit;

/**
 * What a {@link NetDriver} asks for.
 *
 * @param order whose messages, in whose order
 * @param pairs how many receiveq/transmitq pairs to start
 * @param queueSize entries of each ring
 * @param features those the driver accepts of what the device offers
 * @param memorySlots accept CONFIGURE_MEM_SLOTS where the order knows it
 * @param indirectEntries size of the indirect table of each head; 0: none
 * @param inflight accept INFLIGHT_SHMFD where the order knows it
 */
public record NetOptions(
        StartOrder order,
        int pairs,
        int queueSize,
        long features,
        boolean memorySlots,
        int indirectEntries,
        boolean inflight)
        implements StartOptions {

    /** What every virtio 1 driver of a NIC accepts, without offloads and without CTRL_VQ. */
    public static final long PLAIN_FEATURES =
            bit(VirtioSpec.F_VERSION_1)
                    | bit(VirtioSpec.F_EVENT_IDX)
                    | bit(VirtioSpec.F_INDIRECT_DESC)
                    | bit(VhostUserSpec.F_PROTOCOL_FEATURES)
                    | bit(NetSpec.F_MTU)
                    | bit(NetSpec.F_MAC)
                    | bit(NetSpec.F_MRG_RXBUF)
                    | bit(NetSpec.F_STATUS)
                    | bit(NetSpec.F_MQ)
                    | bit(NetSpec.F_GUEST_ANNOUNCE)
                    | bit(NetSpec.F_SPEED_DUPLEX);

    /** Checksums and segmentation, both ways. */
    public static final long OFFLOAD_FEATURES =
            bit(NetSpec.F_CSUM)
                    | bit(NetSpec.F_GUEST_CSUM)
                    | bit(NetSpec.F_GUEST_TSO4)
                    | bit(NetSpec.F_GUEST_TSO6)
                    | bit(NetSpec.F_GUEST_ECN)
                    | bit(NetSpec.F_GUEST_UFO)
                    | bit(NetSpec.F_HOST_TSO4)
                    | bit(NetSpec.F_HOST_TSO6)
                    | bit(NetSpec.F_HOST_ECN)
                    | bit(NetSpec.F_HOST_UFO)
                    | bit(NetSpec.F_GUEST_USO4)
                    | bit(NetSpec.F_GUEST_USO6)
                    | bit(NetSpec.F_HOST_USO);

    /** The control queue and everything that goes over it. */
    public static final long CONTROL_FEATURES =
            bit(NetSpec.F_CTRL_VQ)
                    | bit(NetSpec.F_CTRL_RX)
                    | bit(NetSpec.F_CTRL_VLAN)
                    | bit(NetSpec.F_CTRL_RX_EXTRA)
                    | bit(NetSpec.F_CTRL_MAC_ADDR)
                    | bit(NetSpec.F_CTRL_GUEST_OFFLOADS);

    /** One pair of rings of 256, as QEMU starts it, without offloads and without CTRL_VQ. */
    public static NetOptions defaults() {
        return new NetOptions(StartOrder.QEMU, 1, 256, PLAIN_FEATURES, true, 0, true);
    }

    @Override
    public int queues() {
        return pairs;
    }

    /** With another order. */
    public NetOptions order(final StartOrder value) {
        return new NetOptions(
                value, pairs, queueSize, features, memorySlots, indirectEntries, inflight);
    }

    /** With another number of pairs. */
    public NetOptions pairs(final int value) {
        return new NetOptions(
                order, value, queueSize, features, memorySlots, indirectEntries, inflight);
    }

    /** With another ring size. */
    public NetOptions queueSize(final int value) {
        return new NetOptions(
                order, pairs, value, features, memorySlots, indirectEntries, inflight);
    }

    /** With other features. */
    public NetOptions features(final long value) {
        return new NetOptions(
                order, pairs, queueSize, value, memorySlots, indirectEntries, inflight);
    }

    /** Without a feature, by its bit number. */
    public NetOptions without(final int featureBit) {
        return features(features & ~bit(featureBit));
    }

    /** With one more feature, by its bit number. */
    public NetOptions with(final int featureBit) {
        return features(features | bit(featureBit));
    }

    /** Whether to accept CONFIGURE_MEM_SLOTS. */
    public NetOptions memorySlots(final boolean value) {
        return new NetOptions(order, pairs, queueSize, features, value, indirectEntries, inflight);
    }

    /** With indirect tables of so many entries for each head. */
    public NetOptions indirectEntries(final int value) {
        return new NetOptions(order, pairs, queueSize, features, memorySlots, value, inflight);
    }

    /** Whether to accept INFLIGHT_SHMFD. */
    public NetOptions inflight(final boolean value) {
        return new NetOptions(
                order, pairs, queueSize, features, memorySlots, indirectEntries, value);
    }
}
