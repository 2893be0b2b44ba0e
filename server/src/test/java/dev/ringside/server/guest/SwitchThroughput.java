package dev.ringside.server.guest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * A measurement, no test: TCP from guest to guest through Ringside's switch, and through TAPs with
 * the host's kernel between them (QEMU's own device, routed: not every kernel has a bridge), in
 * turn. bench/RESULTS.md has the command and figures.
 */
final class SwitchThroughput extends NicTest {
    private static final int ROUNDS = 5;
    private static final int SECONDS = 3;
    private static final Pattern MBITS = Pattern.compile("([0-9.]+) Mbits/sec.*receiver");

    private final List<NetGuest> onSwitch = new ArrayList<>();
    private final List<NetGuest> onTaps = new ArrayList<>();

    @Override
    void setUp() throws Exception {
        final NetSpec lan =
                NetSpec.of(NetSpec.Nic.onSwitch("lan", ""), NetSpec.Nic.onSwitch("lan", ""));
        final NicServer ringside = RingsideNics.start(lan, namespace(), path("."));
        final Namespace router = namespace();
        final NicServer kernel =
                PeerNics.start(
                        NetSpec.of(NetSpec.Nic.onTap("tap0"), NetSpec.Nic.onTap("tap1")), router);
        router.run(
                """
                ip address add 10.0.1.9/24 dev tap0
                ip address add 10.0.2.9/24 dev tap1
                ip link set tap0 up
                ip link set tap1 up
                echo 1 >/proc/sys/net/ipv4/ip_forward
                """);
        for (int i = 0; i < 2; i++) {
            onSwitch.add(boot(ringside.attach(smallMachine(1), i, ""), ringside));
            onTaps.add(boot(kernel.attach(smallMachine(1), i, ""), kernel));
        }
        for (int i = 0; i < 2; i++) {
            onSwitch.get(i)
                    .run(
                            "ip address add 10.0.0.%d/24 dev eth0; ip link set eth0 up"
                                    .formatted(i + 1));
            onTaps.get(i)
                    .run(
                            """
                            ip address add 10.0.%1$d.1/24 dev eth0
                            ip link set eth0 up
                            ip route add default via 10.0.%1$d.9
                            """
                                    .formatted(i + 1));
        }
        onSwitch.get(1).run("iperf3 -s -D >/dev/null");
        onTaps.get(1).run("iperf3 -s -D >/dev/null");
    }

    @Test
    void measure() throws Exception {
        final double[] ratios = new double[ROUNDS];
        final double[] ours = new double[ROUNDS];
        final double[] theirs = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            ours[i] = mbits(onSwitch.getFirst(), "10.0.0.2");
            theirs[i] = mbits(onTaps.getFirst(), "10.0.2.1");
            ratios[i] = ours[i] / theirs[i];
        }
        Arrays.sort(ours);
        Arrays.sort(theirs);
        Arrays.sort(ratios);
        System.out.printf(
                "guest to guest, TCP, medians of %d: switch %.0f Mbit/s, TAPs %.0f Mbit/s,"
                        + " ratio %.2f (%.2f to %.2f)%n",
                ROUNDS,
                ours[ROUNDS / 2],
                theirs[ROUNDS / 2],
                ratios[ROUNDS / 2],
                ratios[0],
                ratios[ROUNDS - 1]);
    }

    private static double mbits(final NetGuest from, final String address) throws Exception {
        final String report = from.run("iperf3 -f m -t %d -c %s".formatted(SECONDS, address));
        final Matcher found = MBITS.matcher(report);
        if (!found.find()) {
            throw new IllegalStateException(report);
        }
        return Double.parseDouble(found.group(1));
    }
}
