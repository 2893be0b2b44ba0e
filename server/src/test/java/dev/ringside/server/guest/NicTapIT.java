package dev.ringside.server.guest;

import dev.ringside.server.demo.QemuOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One NIC with one queue pair on a TAP: what a guest does with it every day. */
final class NicTapIT extends NicTest {
    private static final String HOST = "10.0.0.1";
    private static final String GUEST = "10.0.0.2";
    private static final String HOST6 = "fd00::1";
    private static final String GUEST6 = "fd00::2";
    private static final int MIB = 1 << 20;

    /** Around each border: nothing, a cache line, the smallest frame, one MTU, fragments, most. */
    private static final int[] SIZES = {
        0, 1, 17, 18, 19, 63, 64, 65, 511, 1024, 1471, 1472, 1473, 2952, 2953, 4096, 8972, 20000,
        65506, 65507
    };

    @SuppressWarnings("NullAway.Init")
    private Namespace host;

    @SuppressWarnings("NullAway.Init")
    private NetGuest guest;

    @Override
    void setUp() throws Exception {
        host = namespace();
        final NicServer server = serve(NetSpec.of(NetSpec.Nic.onTap("tap0")), host);
        host.run(
                """
                ip address add 10.0.0.1/24 dev tap0
                ip address add fd00::1/64 dev tap0 nodad
                ip link set tap0 up
                """);
        final QemuOptions options = server.attach(smallMachine(1), 0, "");
        guest = boot(options, server);
        guest.run(
                """
                ip address add 10.0.0.2/24 dev eth0
                ip address add fd00::2/64 dev eth0 nodad
                ip link set lo up
                ip link set eth0 up
                """);
        traffic().give(host, guest, GUEST);
    }

    @Test
    void shouldAnswerPingsOfEverySizeBothWaysWhateverTheProtocol() throws Exception {
        Traffic.ping(guest, HOST, "", SIZES);
        Traffic.ping(host, GUEST, "", SIZES);
        Traffic.ping(guest, HOST6, "", SIZES);
        Traffic.ping(host, GUEST6, "", SIZES);
    }

    @Test
    void shouldKeepTcpDataWhateverTheDirectionAndProtocol() throws Exception {
        traffic().tcp(guest, host, HOST, 8 * MIB);
        traffic().tcp(host, guest, GUEST, 8 * MIB);
        traffic().tcp(guest, host, "[" + HOST6 + "]", 4 * MIB);
        traffic().tcp(host, guest, "[" + GUEST6 + "]", 4 * MIB);
    }

    @Test
    void shouldKeepUdpDataWhateverTheDirectionAndSize() throws Exception {
        for (final int size : new int[] {1, 100, 1472, 1473, 65000}) {
            // Fewer frames than a TAP's queue holds (1000): none may be lost.
            final int framesPerDatagram = (size + 8 + 1479) / 1480;
            final int count = 600 / framesPerDatagram;
            traffic().udp(guest, host, HOST, size, count);
            traffic().udp(host, guest, GUEST, size, count);
        }
        // While a neighbour is being looked for, its queue holds few: find it before.
        Traffic.ping(guest, HOST6, "", 64);
        traffic().udp(guest, host, "[" + HOST6 + "]", 1452, 600);
        traffic().udp(host, guest, "[" + GUEST6 + "]", 1452, 600);
    }

    @Test
    void shouldKeepTcpDataWhateverOffloadsBothSidesHaveSwitchedOff() throws Exception {
        final List<String> settings =
                List.of(
                        "tx on sg on tso on gso on gro on",
                        "tx on sg on tso off gso on gro on",
                        "tx on sg on tso off gso off gro off",
                        "tx on sg off tso off gso off gro on",
                        "tx off sg off tso off gso off gro off");
        for (final String guests : settings) {
            guest.run("ethtool -K eth0 " + guests);
            for (final String hosts : settings) {
                host.run("ethtool -K tap0 " + hosts);
                traffic().tcpBothWays(guest, host, HOST, 2 * MIB);
            }
        }
        guest.run("ethtool -K eth0 " + settings.getFirst());
        host.run("ethtool -K tap0 " + settings.getFirst());
    }

    @Test
    void shouldKeepUdpDataWhenChecksumsAreLeftToTheOtherSideOrNot() throws Exception {
        for (final String setting : List.of("off", "on")) {
            guest.run("ethtool -K eth0 tx " + setting);
            host.run("ethtool -K tap0 tx " + setting);
            for (final int size : new int[] {1, 1001, 9999}) {
                traffic().udp(guest, host, HOST, size, 50);
                traffic().udp(host, guest, GUEST, size, 50);
            }
        }
    }

    @Test
    void shouldKeepTcpDataWhateverTheMtuOfBothSides() throws Exception {
        final int[] mtus = {576, 1280, 1500};
        for (final int guests : mtus) {
            guest.run("ip link set eth0 mtu " + guests);
            for (final int hosts : mtus) {
                host.run("ip link set tap0 mtu " + hosts);
                traffic().tcpBothWays(guest, host, HOST, MIB);
                Traffic.ping(guest, HOST, "", 500, 549, 1400, 5000);
            }
        }
        // Below 1280 there is no IPv6: the addresses were taken away.
        guest.run("ip address replace fd00::2/64 dev eth0 nodad");
        host.run("ip address replace fd00::1/64 dev tap0 nodad");
    }
}
