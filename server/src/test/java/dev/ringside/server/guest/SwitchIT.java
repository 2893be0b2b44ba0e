package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.demo.QemuOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Three VMs and the host on the switches of one process. */
final class SwitchIT extends NicTest {
    private static final int VMS = 3;
    private static final int NICS_PER_VM = 3;
    private static final int MIB = 1 << 20;

    /** On the open switch; the host is 10.0.0.9. */
    private static final List<String> OPEN = List.of("10.0.0.1", "10.0.0.2", "10.0.0.3");

    private final List<NetGuest> guests = new ArrayList<>();

    @SuppressWarnings("NullAway.Init")
    private Namespace host;

    @SuppressWarnings("NullAway.Init")
    private NicServer server;

    @Override
    void setUp() throws Exception {
        host = namespace();
        server =
                serve(
                        NetSpec.of(
                                        NetSpec.Nic.onSwitch("open", ""),
                                        NetSpec.Nic.onSwitch("tagged", "vlan=10,anti-spoof=on"),
                                        NetSpec.Nic.onSwitch("guarded", "isolated=on"),
                                        NetSpec.Nic.onSwitch("open", ""),
                                        NetSpec.Nic.onSwitch("tagged", "vlan=20"),
                                        NetSpec.Nic.onSwitch("guarded", "isolated=on"),
                                        NetSpec.Nic.onSwitch("open", ""),
                                        NetSpec.Nic.onSwitch("tagged", "trunk=10+20"),
                                        NetSpec.Nic.onSwitch("guarded", ""))
                                .uplink("tap0", "open", "")
                                .uplink("tap1", "guarded", "")
                                .option("--metrics-port=0"),
                        host);
        host.run(
                """
                ip address add 10.0.0.9/24 dev tap0
                ip link set tap0 up
                ip address add 10.2.0.9/24 dev tap1
                ip link set tap1 up
                """);
        for (int vm = 0; vm < VMS; vm++) {
            QemuOptions options = smallMachine(1);
            for (int nic = 0; nic < NICS_PER_VM; nic++) {
                options = server.attach(options, vm * NICS_PER_VM + nic, "");
            }
            guests.add(startBoot(options, server));
        }
        for (int vm = 0; vm < VMS; vm++) {
            awaitServing(guests.get(vm));
            configure(vm);
        }
    }

    private void configure(final int vm) throws Exception {
        guests.get(vm)
                .run(
                        """
                        ip address add 10.0.0.%1$d/24 dev eth0
                        ip address add 10.1.0.%1$d/24 dev eth1
                        ip address add 10.2.0.%1$d/24 dev eth2
                        for n in 0 1 2; do ip link set eth$n up; done
                        """
                                .formatted(vm + 1));
        traffic().give(host, guests.get(vm), OPEN.get(vm));
    }

    @Test
    void shouldCarryDataBetweenEachTwo() throws Exception {
        for (int from = 0; from < VMS; from++) {
            for (int to = 0; to < VMS; to++) {
                if (from != to) {
                    Traffic.ping(guests.get(from), OPEN.get(to), "", 0, 1472, 1473, 65507);
                }
            }
            traffic().tcpBothWays(guests.get(from), host, "10.0.0.9", 4 * MIB);
        }
        for (int from = 0; from < VMS; from++) {
            final int to = (from + 1) % VMS;
            traffic().tcpBothWays(guests.get(from), guests.get(to), OPEN.get(to), 4 * MIB);
            traffic().udp(guests.get(from), guests.get(to), OPEN.get(to), 1472, 200);
            traffic().udp(guests.get(to), guests.get(from), OPEN.get(from), 20000, 10);
        }
    }

    @Test
    void shouldCarryDataWhenAllTalkAtTheSameTime() throws Exception {
        traffic().tcpRound(guests, OPEN);
    }

    @Test
    void shouldCarryDataWhateverOffloadsTheSenderHasSwitchedOff() throws Exception {
        for (final String setting :
                List.of(
                        "tx on sg on tso off gso on",
                        "tx on sg on tso off gso off",
                        "tx off sg off tso off gso off",
                        "tx on sg on tso on gso on")) {
            guests.getFirst().run("ethtool -K eth0 " + setting);
            traffic().tcpBothWays(guests.get(0), guests.get(1), OPEN.get(1), 2 * MIB);
            traffic().tcpBothWays(guests.get(0), host, "10.0.0.9", 2 * MIB);
        }
    }

    @Test
    void shouldKeepWhatIsNotTheirsFromOthersOnceAddressesAreLearned() throws Exception {
        final NetGuest third = guests.get(2);
        Traffic.ping(guests.get(0), OPEN.get(1), "", 64);
        final long before = received(third);
        traffic().tcpBothWays(guests.get(0), guests.get(1), OPEN.get(1), 4 * MIB);
        final long heard = received(third) - before;

        assertTrue(heard < 20, () -> "the third VM was given " + heard + " frames");
    }

    @Test
    void shouldCarryMulticastToEveryOther() throws Exception {
        final List<String> others = new ArrayList<>();
        for (final NetGuest guest : guests) {
            others.add(linkLocal(guest, "eth0"));
        }
        others.set(0, linkLocal(host, "tap0"));

        final String replies =
                guests.getFirst()
                        .run("ping -c 5 -i 0.2 ff02::1%eth0 | grep -o 'from fe80[^% ]*' | sort -u");

        for (final String other : others) {
            assertTrue(replies.contains("from " + other), () -> other + " is not in " + replies);
        }
    }

    /** The link-local address of an interface, once nobody else was found to have it. */
    private static String linkLocal(final Shell shell, final String device) throws Exception {
        return shell.run(
                """
                until [ -z "$(ip -6 address show dev %1$s tentative)" ]; do sleep 0.1; done
                ip -6 address show dev %1$s scope link |
                    awk '/inet6/ { sub("/.*", "", $2); print $2 }'
                """
                        .formatted(device));
    }

    @Test
    void shouldKeepVlansApartAndTagOnTheTrunkOnly() throws Exception {
        final NetGuest ten = guests.get(0);
        final NetGuest twenty = guests.get(1);
        final NetGuest trunk = guests.get(2);
        twenty.run("ip address add 10.20.0.2/24 dev eth1");
        trunk.run(
                """
                for vlan in 10 20; do
                    ip link add link eth1 name eth1.$vlan type vlan id $vlan
                    ip link set eth1.$vlan up
                done
                ip address add 10.1.0.13/32 dev eth1.10
                ip route add 10.1.0.1/32 dev eth1.10 src 10.1.0.13
                ip address add 10.20.0.3/24 dev eth1.20
                """);

        assertTrue(Traffic.reaches(ten, "10.1.0.13", ""), "VLAN 10 over the trunk");
        assertTrue(Traffic.reaches(twenty, "10.20.0.3", ""), "VLAN 20 over the trunk");
        assertFalse(Traffic.reaches(ten, "10.1.0.2", ""), "from VLAN 10 to VLAN 20");
        assertFalse(Traffic.reaches(twenty, "10.1.0.1", ""), "from VLAN 20 to VLAN 10");
        assertFalse(Traffic.reaches(twenty, "10.1.0.3", ""), "untagged frames of the trunk");
        Traffic.ping(trunk, "10.1.0.1", "-M do", 0, 1, 1472);
        traffic().tcpBothWays(ten, trunk, "10.1.0.13", 4 * MIB);
        traffic().tcpBothWays(trunk, twenty, "10.20.0.2", 4 * MIB);
        traffic().udp(trunk, ten, "10.1.0.1", 5000, 50);

        // A tag of its own brings nobody into another VLAN.
        ten.run(
                """
                ip link add link eth1 name eth1.20 type vlan id 20
                ip link set eth1.20 up
                ip address add 10.20.0.1/24 dev eth1.20
                """);
        assertFalse(Traffic.reaches(ten, "10.20.0.2", ""), "tagged from an access port");
        assertFalse(Traffic.reaches(ten, "10.20.0.3", ""), "tagged from an access port");
        ten.run("ip link delete eth1.20");
        trunk.run("ip link delete eth1.10; ip link delete eth1.20");
    }

    @Test
    void shouldDropAndCountFramesWhoseSourceAddressIsNotTheNics() throws Exception {
        final NetGuest guarded = guests.get(0);
        final NetGuest peer = guests.get(2);
        peer.run(
                """
                ip link add link eth1 name eth1.10 type vlan id 10
                ip link set eth1.10 up
                ip address add 10.10.0.3/24 dev eth1.10
                """);
        guarded.run("ip address add 10.10.0.1/24 dev eth1");
        assertTrue(Traffic.reaches(guarded, "10.10.0.3", ""));
        final long before = server.metric("ringside_net_switch_drops_total", "reason=\"spoofed\"");

        guarded.run("ip link set dev eth1 address 52:54:00:66:66:66; ip neighbour flush dev eth1");
        assertFalse(Traffic.reaches(guarded, "10.10.0.3", ""));

        final long dropped =
                server.metric("ringside_net_switch_drops_total", "reason=\"spoofed\"") - before;
        // Nobody is asked for an address more than once a second.
        assertTrue(dropped > 0, "no dropped frame was counted");
        guarded.run("ip link set dev eth1 address " + NetSpec.mac(1));
        assertTrue(Traffic.reaches(guarded, "10.10.0.3", ""));
        peer.run("ip link delete eth1.10");
    }

    @Test
    void shouldLetIsolatedPortsReachOnlyTheOthers() throws Exception {
        assertFalse(Traffic.reaches(guests.get(0), "10.2.0.2", ""));
        assertFalse(Traffic.reaches(guests.get(1), "10.2.0.1", ""));
        for (int vm = 0; vm < 2; vm++) {
            assertTrue(Traffic.reaches(guests.get(vm), "10.2.0.9", ""));
            assertTrue(Traffic.reaches(host, "10.2.0." + (vm + 1), ""));
            assertTrue(Traffic.reaches(guests.get(2), "10.2.0." + (vm + 1), ""));
        }
    }

    @Test
    void shouldGoOnBetweenTwoWhenTheThirdIsReset() throws Exception {
        final NetGuest third = guests.get(2);
        third.run("ping -q -f -s 4000 10.0.0.1 >/dev/null 2>&1 &");
        third.machine().qmp("system_reset", "{}");
        traffic().tcpBothWays(guests.get(0), guests.get(1), OPEN.get(1), 8 * MIB);
        awaitServing(third);
        configure(2);
        traffic().tcpBothWays(third, guests.get(0), OPEN.get(0), 2 * MIB);
    }

    private static long received(final NetGuest guest) throws Exception {
        return Long.parseLong(guest.run("cat /sys/class/net/eth0/statistics/rx_packets"));
    }
}
