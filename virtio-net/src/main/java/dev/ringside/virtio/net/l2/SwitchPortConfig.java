package dev.ringside.virtio.net.l2;

import dev.ringside.virtio.net.port.PortUri;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * What an operator chooses about one port of a switch.
 *
 * @param name tells it from the other ports of its switch; empty: the switch numbers it
 * @param vlans those it belongs to
 * @param isolated whether it may not talk to other isolated ports
 * @param antiSpoof whether frames may come from its own MAC address only: the one it is given, else
 *     the first that is seen
 * @param mac the address behind it, which no other port may take; 0: not known
 * @param maxAddresses most addresses that are learnt behind it
 */
public record SwitchPortConfig(
        String name,
        PortVlans vlans,
        boolean isolated,
        boolean antiSpoof,
        long mac,
        int maxAddresses) {
    /** Most addresses behind a NIC, unless said otherwise. */
    private static final int NIC_ADDRESSES = 512;

    /** Most addresses behind an uplink, unless said otherwise. */
    private static final int UPLINK_ADDRESSES = 16384;

    private static final String VLAN = "vlan";
    private static final String TRUNK = "trunk";
    private static final String NATIVE = "native";
    private static final String ISOLATED = "isolated";
    private static final String ANTI_SPOOF = "anti-spoof";
    private static final String MAC = "mac";
    private static final String ADDRESSES = "max-addresses";
    private static final String PORT = "port";

    /** How the options are written, for the operator. */
    static final String FORM =
            "[,vlan=N][,trunk=N+N|all][,native=N][,isolated=on][,anti-spoof=on][,mac=ADDRESS]"
                    + "[,max-addresses=N][,port=NAME]";

    /**
     * Checks every value.
     *
     * @throws IllegalArgumentException that names it and what is allowed
     */
    public SwitchPortConfig {
        if (mac != 0 && !MacAddress.isStation(mac)) {
            throw new IllegalArgumentException(
                    "mac 0x" + Long.toHexString(mac) + ": must be the address of one station");
        }
        if (maxAddresses < 1 || maxAddresses > MacTable.CAPACITY) {
            throw new IllegalArgumentException(
                    "max-addresses "
                            + maxAddresses
                            + ": must be a number from 1 to "
                            + MacTable.CAPACITY);
        }
    }

    /** For a NIC: an access port of VLAN 1. */
    public static SwitchPortConfig nic() {
        return new SwitchPortConfig(
                "", PortVlans.access(PortVlans.DEFAULT), false, false, 0, NIC_ADDRESSES);
    }

    /** For an uplink: a trunk of all VLANs, VLAN 1 being its native one. */
    public static SwitchPortConfig uplink() {
        return new SwitchPortConfig(
                "", PortVlans.trunkOfAll(PortVlans.DEFAULT), false, false, 0, UPLINK_ADDRESSES);
    }

    /**
     * What the options of {@code switch:NAME,...} change about it.
     *
     * @throws IllegalArgumentException that names the option, its value and what is allowed
     */
    public SwitchPortConfig with(PortUri uri) {
        uri.allowOnly(VLAN, TRUNK, NATIVE, ISOLATED, ANTI_SPOOF, MAC, ADDRESSES, PORT);
        SwitchPortConfig result = this;
        PortVlans chosen = vlans(uri);
        if (chosen != null) {
            result = result.withVlans(chosen);
        }
        String address = uri.value(MAC);
        if (address != null) {
            try {
                result = result.withMac(MacAddress.parse(address));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(uri.scheme() + ": mac=" + e.getMessage(), e);
            }
        }
        String label = uri.value(PORT);
        return new SwitchPortConfig(
                label == null ? name : label,
                result.vlans,
                uri.flag(ISOLATED, isolated),
                uri.flag(ANTI_SPOOF, antiSpoof),
                result.mac,
                uri.intNumber(ADDRESSES, maxAddresses, 1, MacTable.CAPACITY));
    }

    private static @Nullable PortVlans vlans(PortUri uri) {
        String trunk = uri.value(TRUNK);
        String access = uri.value(VLAN);
        int nativeVlan = uri.intNumber(NATIVE, 0, 1, PortVlans.MAX);
        if (trunk == null) {
            if (nativeVlan != 0) {
                throw uri.refused(NATIVE, Integer.toString(nativeVlan), "goes with trunk= only");
            }
            return access == null
                    ? null
                    : PortVlans.access(uri.intNumber(VLAN, 0, 1, PortVlans.MAX));
        }
        if (access != null) {
            throw uri.refused(VLAN, access, "does not go with trunk=; write native=" + access);
        }
        return trunk.equals("all")
                ? PortVlans.trunkOfAll(nativeVlan)
                : PortVlans.trunk(list(uri, trunk), nativeVlan);
    }

    private static BitSet list(PortUri uri, String text) {
        BitSet vlans = new BitSet();
        for (String part : text.split("\\+", -1)) {
            int vlan = 0;
            if (part.matches("[0-9]{1,4}")) {
                vlan = Integer.parseInt(part);
            }
            if (vlan < 1 || vlan > PortVlans.MAX) {
                throw uri.refused(
                        TRUNK,
                        text,
                        "must be all, or numbers from 1 to " + PortVlans.MAX + " as in 10+20");
            }
            vlans.set(vlan);
        }
        return vlans;
    }

    /** The same with a name. */
    public SwitchPortConfig withName(String value) {
        return new SwitchPortConfig(value, vlans, isolated, antiSpoof, mac, maxAddresses);
    }

    /** The same in other VLANs. */
    public SwitchPortConfig withVlans(PortVlans value) {
        return new SwitchPortConfig(name, value, isolated, antiSpoof, mac, maxAddresses);
    }

    /** The same, isolated or not. */
    public SwitchPortConfig withIsolated(boolean value) {
        return new SwitchPortConfig(name, vlans, value, antiSpoof, mac, maxAddresses);
    }

    /** The same with or without a look at source addresses. */
    public SwitchPortConfig withAntiSpoof(boolean value) {
        return new SwitchPortConfig(name, vlans, isolated, value, mac, maxAddresses);
    }

    /** The same with a MAC address; 0: none. */
    public SwitchPortConfig withMac(long value) {
        return new SwitchPortConfig(name, vlans, isolated, antiSpoof, value, maxAddresses);
    }

    /** The same with another limit of addresses. */
    public SwitchPortConfig withMaxAddresses(int value) {
        return new SwitchPortConfig(name, vlans, isolated, antiSpoof, mac, value);
    }
}
