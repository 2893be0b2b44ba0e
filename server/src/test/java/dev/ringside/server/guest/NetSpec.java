package dev.ringside.server.guest;

import java.util.ArrayList;
import java.util.List;

/**
 * What a back-end process shall serve: NICs, each on a TAP of its own or on a switch.
 *
 * @param nics in the order of their numbers
 * @param uplinks TAPs on a switch
 * @param options further options of {@code ringside net}
 */
record NetSpec(List<Nic> nics, List<Uplink> uplinks, List<String> options) {
    /**
     * One NIC.
     *
     * @param tap the TAP it is on, or empty
     * @param switchName the switch it is on, or empty
     * @param options further ones of the NIC, such as {@code vlan=10,anti-spoof=on}
     * @param queuePairs how many are offered
     * @param mtu told to the driver; 0: none
     */
    record Nic(String tap, String switchName, String options, int queuePairs, int mtu) {
        static Nic onTap(final String tap) {
            return new Nic(tap, "", "", 1, 0);
        }

        static Nic onSwitch(final String name, final String options) {
            return new Nic("", name, options, 1, 0);
        }

        Nic withQueuePairs(final int count) {
            return new Nic(tap, switchName, options, count, mtu);
        }

        Nic with(final String newOptions) {
            return new Nic(tap, switchName, newOptions, queuePairs, mtu);
        }

        Nic withMtu(final int bytes) {
            return new Nic(tap, switchName, options, queuePairs, bytes);
        }
    }

    /**
     * A TAP on a switch.
     *
     * @param options such as {@code trunk=10+20}
     */
    record Uplink(String tap, String switchName, String options) {}

    static NetSpec of(final Nic... nics) {
        return new NetSpec(List.of(nics), List.of(), List.of());
    }

    NetSpec uplink(final String tap, final String switchName, final String portOptions) {
        final List<Uplink> more = new ArrayList<>(uplinks);
        more.add(new Uplink(tap, switchName, portOptions));
        return new NetSpec(nics, List.copyOf(more), options);
    }

    NetSpec option(final String option) {
        final List<String> more = new ArrayList<>(options);
        more.add(option);
        return new NetSpec(nics, uplinks, List.copyOf(more));
    }

    /** The address of a NIC of this number. */
    static String mac(final int nic) {
        return "52:54:00:12:34:%02x".formatted(nic + 1);
    }
}
