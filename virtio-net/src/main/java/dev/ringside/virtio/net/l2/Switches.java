package dev.ringside.virtio.net.l2;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortScheme;
import dev.ringside.virtio.net.port.PortUri;
import java.util.Map;
import java.util.TreeMap;

/**
 * The switches of a process by their names. A switch is made when it is first asked for, and stays.
 * Thread-safe.
 */
public final class Switches implements AutoCloseable {
    private static final String SCHEME = "switch";

    private final MetricsRegistry metrics;
    private final SwitchSettings settings;
    private final Map<String, VirtualSwitch> byName = new TreeMap<>();

    /**
     * None yet.
     *
     * @param settings of those that are made
     * @param metrics where they show their counters
     */
    public Switches(SwitchSettings settings, MetricsRegistry metrics) {
        this.settings = settings;
        this.metrics = metrics;
    }

    /** The switch of a name. */
    public synchronized VirtualSwitch get(String name) {
        return byName.computeIfAbsent(name, key -> new VirtualSwitch(key, settings, metrics));
    }

    /** How a port of one of them is written: {@code switch:NAME} with options. */
    public PortScheme scheme() {
        return new PortScheme(
                SCHEME,
                true,
                SCHEME + ":NAME" + SwitchPortConfig.FORM,
                (uri, registry) -> open(uri));
    }

    /**
     * A new port for a NIC.
     *
     * @throws IllegalArgumentException when the text is wrong, or the switch cannot have such a
     *     port; the message is for the operator
     */
    public PacketPort open(PortUri uri) {
        SwitchPortConfig config = SwitchPortConfig.nic().with(uri);
        return get(uri.requireName("NAME")).newPort(config);
    }

    /** Every port of every switch is closed. */
    @Override
    public synchronized void close() {
        byName.values().forEach(VirtualSwitch::close);
        byName.clear();
    }
}
