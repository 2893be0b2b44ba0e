package dev.ringside.virtio.net.l2;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ports that a switch has at one time, and the addresses that belong to some of them by
 * configuration. Immutable.
 */
final class Membership {
    private static final SwitchPort[] NO_PORTS = {};

    private final @Nullable SwitchPort[] byNumber;
    private final SwitchPort[] ports;

    /** Sorted, with the port of each beside it. */
    private final long[] owned;

    private final SwitchPort[] owners;

    private Membership(@Nullable SwitchPort[] byNumber) {
        this.byNumber = byNumber;
        List<SwitchPort> there = new ArrayList<>();
        for (SwitchPort port : byNumber) {
            if (port != null) {
                there.add(port);
            }
        }
        ports = there.toArray(NO_PORTS);
        owners =
                there.stream()
                        .filter(port -> port.assignedMac() != 0)
                        .sorted((a, b) -> Long.compare(a.assignedMac(), b.assignedMac()))
                        .toArray(SwitchPort[]::new);
        owned = Arrays.stream(owners).mapToLong(SwitchPort::assignedMac).toArray();
    }

    static Membership none(int maxPorts) {
        return new Membership(new SwitchPort[maxPorts]);
    }

    /** The same with a port more. */
    Membership with(SwitchPort port) {
        @Nullable SwitchPort[] next = byNumber.clone();
        next[port.number()] = port;
        return new Membership(next);
    }

    /** The same with a port less. */
    Membership without(SwitchPort port) {
        @Nullable SwitchPort[] next = byNumber.clone();
        next[port.number()] = null;
        return new Membership(next);
    }

    /** The lowest number that no port has, or -1. */
    int freeNumber() {
        for (int i = 0; i < byNumber.length; i++) {
            if (byNumber[i] == null) {
                return i;
            }
        }
        return -1;
    }

    @Nullable SwitchPort port(int number) {
        return byNumber[number];
    }

    /** How many there are. */
    int size() {
        return ports.length;
    }

    /** One of them, 0 to {@link #size()} - 1. */
    SwitchPort at(int i) {
        return ports[i];
    }

    /** The port in a VLAN to which an address was assigned, or null. */
    @Nullable SwitchPort owner(long mac, int vlan) {
        int at = Arrays.binarySearch(owned, mac);
        if (at < 0 || !owners[at].config().vlans().contains(vlan)) {
            return null;
        }
        return owners[at];
    }

    /** The port to which an address was assigned, whatever its VLANs are, or null. */
    @Nullable SwitchPort owner(long mac) {
        int at = Arrays.binarySearch(owned, mac);
        return at < 0 ? null : owners[at];
    }
}
