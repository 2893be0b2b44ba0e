package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.SlowWork;
import dev.ringside.server.options.CommaList;
import dev.ringside.server.options.UplinkOptions;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.virtio.net.l2.SwitchPortConfig;
import dev.ringside.virtio.net.l2.SwitchSettings;
import dev.ringside.virtio.net.l2.SwitchUplink;
import dev.ringside.virtio.net.l2.Switches;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortHandOver;
import dev.ringside.virtio.net.port.PortScheme;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.packet.PacketSocketPort;
import dev.ringside.virtio.net.port.tap.TapPort;
import dev.ringside.virtio.net.ports.PacketPorts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Opens the ports of this process and has what they share: the switches, and a thread for what may
 * block. On the main thread.
 */
public final class NetPorts implements AutoCloseable {
    private final MetricsRegistry registry;
    private final Switches switches;
    private final SlowWork control = new SlowWork("ringside-ports");
    private final PortScheme[] schemes;

    /** What another process has of the port that is being opened. */
    private @Nullable PortHandOver handedOver;

    public NetPorts(MetricsRegistry registry) {
        this.registry = registry;
        switches = new Switches(SwitchSettings.defaults(), registry);
        List<PortScheme> known = new ArrayList<>(TapPort.schemes(control, () -> handedOver));
        known.add(PacketSocketPort.scheme(control));
        known.add(switches.scheme());
        schemes = known.toArray(PortScheme[]::new);
    }

    /**
     * Opens a port; it is the caller's.
     *
     * @param given what another process has of it; null: nothing
     * @throws IllegalArgumentException when the text is wrong; the message is for the operator
     * @throws IOException when the host refuses; the message is for the operator
     */
    public PacketPort open(String uri, @Nullable Resource given) throws IOException {
        handedOver = given == null ? null : new PortHandOver(given.fds(), given.details());
        try {
            return PacketPorts.open(uri, registry, schemes);
        } finally {
            handedOver = null;
        }
    }

    /** Connects a switch with a port of the host; nothing flows until its pairs are opened. */
    SwitchUplink connect(UplinkOptions uplink, @Nullable Resource given) throws IOException {
        String text = "switch:" + CommaList.quote(uplink.switchName()) + uplink.membership();
        SwitchPortConfig config =
                SwitchPortConfig.uplink().with(PortUri.parse(text, scheme -> true));
        PacketPort outside = open(uplink.port(), given);
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
