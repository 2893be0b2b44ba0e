package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ringside.server.demo.QemuOptions;
import java.io.IOException;
import java.util.List;

/**
 * QEMU's own device on TAPs: tells a fault of a test from a fault of Ringside. It has no switch,
 * rates or captures.
 */
record PeerNics(NetSpec spec, Namespace host) implements NicServer {
    static PeerNics start(final NetSpec spec, final Namespace host)
            throws IOException, InterruptedException {
        final StringBuilder script = new StringBuilder();
        for (final NetSpec.Nic nic : spec.nics()) {
            final String tap = nic.tap();
            assertFalse(tap.isEmpty(), "the peer has no switch");
            script.append("[ -e /proc/sys/net/ipv4/conf/%1$s ] || ".formatted(tap));
            script.append(
                    "ip tuntap add dev %s mode tap vnet_hdr%s\n"
                            .formatted(tap, nic.queuePairs() > 1 ? " multi_queue" : ""));
            if (nic.mtu() != 0) {
                script.append("ip link set %s mtu %d\n".formatted(tap, nic.mtu()));
            }
        }
        host.run(script.toString());
        return new PeerNics(spec, host);
    }

    @Override
    public QemuOptions attach(final QemuOptions options, final int nic, final String properties) {
        final NetSpec.Nic served = spec.nics().get(nic);
        final String queues = served.queuePairs() > 1 ? ",queues=" + served.queuePairs() : "";
        return options.with(
                "-netdev",
                "tap,id=net%d,ifname=%s,script=no,downscript=no%s"
                        .formatted(nic, served.tap(), queues),
                "-device",
                "virtio-net-pci,id=vnic%1$d,netdev=net%1$d,mac=%2$s%3$s%4$s%5$s%6$s"
                        .formatted(
                                nic,
                                NetSpec.mac(nic),
                                served.queuePairs() > 1 ? ",mq=on" : "",
                                served.mtu() == 0 ? "" : ",host_mtu=" + served.mtu(),
                                options.kernel() == null ? "" : ",romfile=",
                                properties.isEmpty() ? "" : "," + properties));
    }

    @Override
    public long metric(final String name, final String labels) {
        throw new UnsupportedOperationException("the peer counts nothing");
    }

    @Override
    public List<String> launcher() {
        return host.launcher();
    }

    @Override
    public int terminate() {
        return 0;
    }

    @Override
    public String messages() {
        return "(the peer: QEMU itself)";
    }

    @Override
    public void close() {
        // All of it goes away with the namespace.
    }
}
