package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** A NIC with four queue pairs and large frames. */
final class NicQueuesIT extends NicTest {
    private static final String HOST = "10.0.0.1";
    private static final String GUEST = "10.0.0.2";
    private static final int MIB = 1 << 20;
    private static final int JUMBO = 9000;

    @SuppressWarnings("NullAway.Init")
    private Namespace host;

    @SuppressWarnings("NullAway.Init")
    private NetGuest guest;

    @Override
    void setUp() throws Exception {
        host = namespace();
        final NicServer server =
                serve(
                        NetSpec.of(
                                NetSpec.Nic.onTap("tap0").withQueuePairs(4),
                                NetSpec.Nic.onTap("tap1").withMtu(JUMBO)),
                        host);
        host.run(
                """
                ip address add 10.0.0.1/24 dev tap0
                ip link set tap0 up
                ip address add 10.9.0.1/24 dev tap1
                ip link set tap1 mtu 9000 up
                """);
        guest = boot(server.attach(server.attach(smallMachine(4), 0, ""), 1, ""), server);
        guest.run(
                """
                ip address add 10.0.0.2/24 dev eth0
                ip link set eth0 up
                ip address add 10.9.0.2/24 dev eth1
                ip link set eth1 up
                """);
        traffic().give(host, guest, GUEST);
    }

    @Test
    void shouldUseEveryQueuePairWhenTheDriverHasThemAll() throws Exception {
        assertEquals("4", pairs());
        final long[] before = sent();
        for (int i = 0; i < 8; i++) {
            guest.run("taskset %x ping -q -c 3 -A -s 1000 10.0.0.1".formatted(1 << i % 4));
        }
        final long[] after = sent();
        for (int i = 0; i < 4; i++) {
            final int pair = i;
            assertEquals(true, after[i] > before[i], () -> "pair " + pair + " sent nothing");
        }
        traffic().tcpBothWays(guest, host, HOST, 8 * MIB);
    }

    @Test
    void shouldKeepDataWhenTheNumberOfQueuePairsChangesBetweenAndUnderTransfers() throws Exception {
        for (final int count : new int[] {1, 4, 2, 3, 4}) {
            guest.run("ethtool -L eth0 combined " + count);
            assertEquals(Integer.toString(count), pairs());
            traffic().tcpBothWays(guest, host, HOST, 2 * MIB);
            Traffic.ping(host, GUEST, "", 0, 1472, 20000);
        }
        guest.run(
                """
                ping -q -f -s 3000 10.0.0.1 >/dev/null 2>&1 & p=$!
                for n in 1 4 2 4 1 3 4; do ethtool -L eth0 combined $n; done
                kill $p
                """);
        traffic().tcpBothWays(guest, host, HOST, 2 * MIB);
    }

    @Test
    void shouldTellTheDriverTheMtuAndCarryJumboFrames() throws Exception {
        assertEquals("9000", guest.run("cat /sys/class/net/eth1/mtu"));
        // Together with 28 bytes of headers the last is one frame of the whole MTU.
        Traffic.ping(guest, "10.9.0.1", "-M do", 1472, 1473, 4000, 8971, 8972);
        Traffic.ping(host, "10.9.0.2", "-M do", 1472, 1473, 4000, 8971, 8972);
        Traffic.ping(guest, "10.9.0.1", "", 8973, 65507);
        Traffic.ping(host, "10.9.0.2", "", 8973, 65507);
        traffic().tcpBothWays(guest, host, "10.9.0.1", 8 * MIB);
        guest.run("ethtool -K eth1 tso off gso off tx off");
        host.run("ethtool -K tap1 tso off gso off tx off");
        traffic().tcpBothWays(guest, host, "10.9.0.1", 4 * MIB);
        traffic().udp(guest, host, "10.9.0.1", 8972, 100);
        traffic().udp(host, guest, "10.9.0.2", 8972, 100);
        guest.run("ethtool -K eth1 tx on tso on gso on");
        host.run("ethtool -K tap1 tx on tso on gso on");
    }

    private String pairs() throws Exception {
        return guest.run("ethtool -l eth0 | awk '/Combined/ { n = $2 } END { print n }'");
    }

    /** Packets that each transmitq of eth0 has sent, as the driver counts. */
    private long[] sent() throws Exception {
        final long[] counts = new long[4];
        for (int i = 0; i < counts.length; i++) {
            counts[i] =
                    Long.parseLong(
                            guest.run(
                                    """
                                    tc -s qdisc show dev eth0 | awk '
                                        / parent :%d / { mine = 1 }
                                        / Sent / && mine { print $4; exit }'
                                    """
                                            .formatted(i + 1)));
        }
        return counts;
    }
}
