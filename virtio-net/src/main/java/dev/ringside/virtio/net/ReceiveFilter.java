package dev.ringside.virtio.net;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which frames a driver wants to receive (sections 5.1.6.5.1 to 5.1.6.5.3). Immutable.
 *
 * <p>It saves the driver work and is no wall: a frame in another guest's memory may be changed by
 * that guest after it was looked at.
 */
final class ReceiveFilter {
    /** Most addresses of a kind that are kept; with more, all of that kind are let through. */
    static final int MAX_ADDRESSES = 256;

    /** Lets everything through. */
    static final ReceiveFilter ALL = new ReceiveFilter(1, new long[0], new long[0], null);

    private static final int VLAN_IDS = 4096;
    private static final long BROADCAST = 0xffff_ffff_ffffL;
    private static final long GROUP_BIT = 1L << 40;

    /** One bit for each command of VIRTIO_NET_CTRL_RX, at the command's number. */
    private final int modes;

    private final long[] unicast;
    private final long[] multicast;

    /** One bit for each VLAN that is let through; null: all are. */
    private final long @Nullable [] vlans;

    private ReceiveFilter(int modes, long[] unicast, long[] multicast, long @Nullable [] vlans) {
        this.modes = modes;
        this.unicast = unicast;
        this.multicast = multicast;
        this.vlans = vlans;
    }

    /**
     * The filter after a reset: promiscuous until the driver says otherwise.
     *
     * @param filterVlans VIRTIO_NET_F_CTRL_VLAN was negotiated: no VLAN is wanted yet
     */
    static ReceiveFilter initial(boolean filterVlans) {
        return new ReceiveFilter(
                1 << NetSpec.VIRTIO_NET_CTRL_RX_PROMISC,
                new long[0],
                new long[0],
                filterVlans ? new long[VLAN_IDS / Long.SIZE] : null);
    }

    /**
     * A filter of these parts.
     *
     * @param modes one bit for each command of VIRTIO_NET_CTRL_RX
     * @param vlans one bit for each VLAN that is let through, 64 words; null: all are
     */
    static ReceiveFilter of(int modes, long[] unicast, long[] multicast, long @Nullable [] vlans) {
        return new ReceiveFilter(
                        modes, new long[0], new long[0], vlans == null ? null : vlans.clone())
                .withAddresses(unicast, multicast);
    }

    int modes() {
        return modes;
    }

    long[] unicast() {
        return unicast.clone();
    }

    long[] multicast() {
        return multicast.clone();
    }

    /** The VLANs that are let through; null: all are. */
    long @Nullable [] vlans() {
        return vlans == null ? null : vlans.clone();
    }

    /** The same with a mode, a command of VIRTIO_NET_CTRL_RX, on or off. */
    ReceiveFilter withMode(int command, boolean on) {
        int bit = 1 << command;
        return new ReceiveFilter(on ? modes | bit : modes & ~bit, unicast, multicast, vlans);
    }

    /** The same with other addresses; those of a kind of which there are too many all pass. */
    ReceiveFilter withAddresses(long[] newUnicast, long[] newMulticast) {
        long[] first = newUnicast.clone();
        long[] second = newMulticast.clone();
        Arrays.sort(first);
        Arrays.sort(second);
        return new ReceiveFilter(modes, first, second, vlans);
    }

    /** The same with a VLAN let through or not; nothing changes when VLANs are not filtered. */
    ReceiveFilter withVlan(int id, boolean wanted) {
        if (vlans == null) {
            return this;
        }
        long[] changed = vlans.clone();
        long bit = 1L << id;
        int word = id / Long.SIZE;
        changed[word] = wanted ? changed[word] | bit : changed[word] & ~bit;
        return new ReceiveFilter(modes, unicast, multicast, changed);
    }

    /** Whether every frame passes. */
    boolean passesAll() {
        return has(NetSpec.VIRTIO_NET_CTRL_RX_PROMISC);
    }

    /**
     * Whether the driver wants a frame.
     *
     * @param destination its destination address, the first byte in bits 47 to 40
     * @param vlan the VLAN of its tag, or -1 when it has none
     * @param own the device's address, 0: not known
     */
    boolean passes(long destination, int vlan, long own) {
        if (passesAll()) {
            return true;
        }
        if (vlan >= 0 && vlans != null && (vlans[vlan / Long.SIZE] & 1L << vlan) == 0) {
            return false;
        }
        if (destination == BROADCAST) {
            return !has(NetSpec.VIRTIO_NET_CTRL_RX_NOBCAST);
        }
        if ((destination & GROUP_BIT) != 0) {
            return !has(NetSpec.VIRTIO_NET_CTRL_RX_NOMULTI)
                    && (has(NetSpec.VIRTIO_NET_CTRL_RX_ALLMULTI)
                            || contains(multicast, destination));
        }
        return !has(NetSpec.VIRTIO_NET_CTRL_RX_NOUNI)
                && (has(NetSpec.VIRTIO_NET_CTRL_RX_ALLUNI)
                        || own == 0
                        || destination == own
                        || contains(unicast, destination));
    }

    private boolean has(int command) {
        return (modes & 1 << command) != 0;
    }

    private static boolean contains(long[] addresses, long address) {
        return addresses.length > MAX_ADDRESSES || Arrays.binarySearch(addresses, address) >= 0;
    }
}
