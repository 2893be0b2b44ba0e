package dev.ringside.server.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The demo's NIC: a {@code ringside net} and the network behind it; what the guest does with it,
 * and whether both ends agree. One thread, except {@link #close}.
 */
final class DemoNic implements AutoCloseable {
    /** The guest's part, after the disk's: /tmp/random has 8 MiB. */
    static final String SCRIPT =
            """
            ask network
            set -- $answer
            ip link set lo up
            ip link set eth0 up
            if [ "$1" = dhcp ]; then
                printf '%%s\\n' '#!/bin/sh' '[ "$1" = bound ] || exit 0' \\
                    'ip address add "$ip/$mask" dev "$interface"' \\
                    'echo "${router%%%% *}" >/tmp/router' >/tmp/dhcp
                chmod +x /tmp/dhcp
                udhcpc -i eth0 -n -q -f -s /tmp/dhcp >/tmp/dhcp.log 2>&1 ||
                    { cat /tmp/dhcp.log; fail no address by DHCP; }
                peer=$(cat /tmp/router)
                how='by DHCP'
            else
                ip address add "$2" dev eth0
                peer=$3
                how=given
            fi
            say note "eth0: $(cat /sys/class/net/eth0/address), address" \\
                "$(ip -o -4 address show eth0 | awk '{ print $4 }') $how, the other end is $peer"
            if ping -c 20 -i 0.1 -q "$peer" >/tmp/ping 2>&1; then
                say note "ping: 20 of 20 answered, round trip of" \\
                    "$(awk -F'[/ ]' '/^rtt/ { print $8 }' /tmp/ping) ms"
            elif [ "$1" = dhcp ]; then
                say note "ping: not answered: the host's net.ipv4.ping_group_range leaves passt out"
            else
                cat /tmp/ping
                fail no answer to pings
            fi
            now() { cut -d' ' -f1 /proc/uptime; }
            mbits() {
                awk -v a="$1" -v b="$2" 'BEGIN { printf "%%.0f", %1$d * 8.388608 / (b - a) }'
            }
            for i in $(seq %2$d); do cat /tmp/random; done >/tmp/up
            up=$(md5sum </tmp/up | cut -c1-32)
            start=$(now)
            socat -t 60 - "TCP4:$peer:$4" </tmp/up >/tmp/reply &
            # The reply, not the end of the connection: some releases of passt do not tell that.
            until [ -s /tmp/reply ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
            end=$(now)
            kill $! 2>/dev/null || true
            check 'MD5 of what arrived' "$(cat /tmp/reply)" "$up"
            say note "TCP from the guest: %1$d MiB, $(mbits "$start" "$end") Mbit/s"
            rm /tmp/up
            start=$(now)
            socat -u "TCP4:$peer:$5" CREATE:/tmp/down
            end=$(now)
            say note "TCP to the guest: %1$d MiB, $(mbits "$start" "$end") Mbit/s"
            say net "$up $(md5sum </tmp/down | cut -c1-32)"
            """
                    .formatted(DataServer.MIB, DataServer.MIB / 8);

    private final DemoNetwork network;
    private final RingsideProcess server;
    private final DemoReport report;

    private DemoNic(
            final DemoNetwork network, final RingsideProcess server, final DemoReport report) {
        this.network = network;
        this.server = server;
        this.report = report;
    }

    /** Makes the network and starts the server on it. */
    static DemoNic start(
            final NetworkChoice choice,
            final GuestImage guest,
            final Path work,
            final DemoReport report)
            throws IOException, InterruptedException {
        final DemoNetwork network = choice.open(guest, work, report);
        try {
            report.host("NIC", "plugged into " + network.describe());
            final List<String> arguments = new ArrayList<>(List.of("net", "--metrics-port=0"));
            arguments.addAll(network.arguments());
            final RingsideProcess server = RingsideProcess.start(arguments, line -> {});
            report.host("server", server.readyLine());
            return new DemoNic(network, server, report);
        } catch (final IOException | InterruptedException e) {
            network.close();
            throw e;
        }
    }

    /** Where a VM finds it. */
    Path socket() {
        return network.socket();
    }

    QemuOptions attach(final QemuOptions options) {
        return options.nic(new QemuOptions.Nic(network.socket(), 1, DemoNetwork.MAC, "", false));
    }

    /**
     * Answers the guest's question and waits until it has done its part.
     *
     * @throws IOException when it failed, or the two ends saw different data
     */
    void verify(final Qemu guest) throws IOException, InterruptedException {
        guest.await("@network");
        guest.type(network.connect());
        final String[] seen = guest.await("@net ").split(" ", -1);
        compare("from the guest", seen[0], network.receivedDigest());
        compare("to the guest", network.sentDigest(), seen[1]);
        report.host("host", "both ends agree on every byte that went over TCP, MD5 " + seen[0]);
        showMetrics();
    }

    private static void compare(final String way, final String sent, final String received)
            throws IOException {
        if (!sent.equals(received)) {
            throw new IOException(
                    "TCP data "
                            + way
                            + " arrived altered: "
                            + sent
                            + " was sent, "
                            + received
                            + " received (MD5)");
        }
    }

    private void showMetrics() throws IOException {
        final String url = Demo.metricsUrl(server.readyLine());
        final MetricsPage page = MetricsPage.scrape(url);
        report.host("metrics", url + " (while the server runs), for example:");
        report.block(
                Stream.of("ringside_net_packets_total", "ringside_net_bytes_total")
                        .flatMap(metric -> page.nonZero(metric).stream())
                        .toList());
    }

    /** Ends the server in good order. */
    void terminate() throws IOException, InterruptedException {
        final int status = server.terminate();
        if (status != 0) {
            throw new IOException(
                    "the NIC's server ended with status " + status + ":\n" + server.messages());
        }
    }

    /** Takes everything away. Any thread. */
    @Override
    public void close() {
        server.stop();
        network.close();
    }
}
