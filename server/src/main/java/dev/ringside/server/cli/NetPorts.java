package dev.ringside.server.cli;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.SlowWork;
import dev.ringside.virtio.net.l2.SwitchPortConfig;
import dev.ringside.virtio.net.l2.SwitchSettings;
import dev.ringside.virtio.net.l2.SwitchUplink;
import dev.ringside.virtio.net.l2.Switches;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortScheme;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.packet.PacketSocketPort;
import dev.ringside.virtio.net.port.tap.TapPort;
import dev.ringside.virtio.net.ports.PacketPorts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Opens the ports of this process and has what they share: the switches, and a thread for what may
 * block. On the main thread.
 */
final class NetPorts implements AutoCloseable {
    private final MetricsRegistry registry;
    private final Switches switches;
    private final SlowWork control = new SlowWork("ringside-ports");
    private final PortScheme[] schemes;

    NetPorts(MetricsRegistry registry) {
        this.registry = registry;
        switches = new Switches(SwitchSettings.defaults(), registry);
        List<PortScheme> known = new ArrayList<>(TapPort.schemes(control));
        known.add(PacketSocketPort.scheme(control));
        known.add(switches.scheme());
        schemes = known.toArray(PortScheme[]::new);
    }

    /**
     * Opens a port; it is the caller's.
     *
     * @throws IllegalArgumentException when the text is wrong; the message is for the operator
     * @throws IOException when the host refuses; the message is for the operator
     */
    PacketPort open(String uri) throws IOException {
        return PacketPorts.open(uri, registry, schemes);
    }

    /** Connects a switch with a port of the host; nothing flows until its pairs are opened. */
    SwitchUplink connect(UplinkOptions uplink) throws IOException {
        String text = "switch:" + CommaList.quote(uplink.switchName()) + uplink.membership();
        SwitchPortConfig config =
                SwitchPortConfig.uplink().with(PortUri.parse(text, scheme -> true));
        PacketPort outside = open(uplink.port());
        try {
            return switches.get(uplink.switchName()).newUplink(outside, config);
        } catch (RuntimeException e) {
            outside.close();
            throw e;
        }
    }

    /** Every port is closed. */
    @Override
    public void close() {
        switches.close();
        control.close();
    }
}
