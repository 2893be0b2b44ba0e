package dev.ringside.virtio.net.l2;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtqueue.device.ShardContext;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A learning switch between the NICs and uplinks of this process: what IEEE 802.1Q calls a VLAN
 * bridge, without spanning trees. Its methods may be called by any thread.
 */
public final class VirtualSwitch implements AutoCloseable {
    private static final long NS_PER_S = 1_000_000_000L;

    private final String name;
    private final SwitchSettings settings;
    private final MetricsRegistry metrics;
    private final MacTable table;
    private final int[] quotas;
    private final Map<ShardContext, SwitchShard> shards = new ConcurrentHashMap<>();
    private final MetricsRegistry.Registration portsGauge;
    private volatile Membership members;

    /**
     * A switch without ports.
     *
     * @param name the operator's name for it
     * @param metrics where the counters of its ports are shown
     */
    public VirtualSwitch(String name, SwitchSettings settings, MetricsRegistry metrics) {
        this(name, settings, metrics, System.nanoTime());
    }

    VirtualSwitch(String name, SwitchSettings settings, MetricsRegistry metrics, long nowNs) {
        this.name = name;
        this.settings = settings;
        this.metrics = metrics;
        quotas = new int[settings.maxPorts()];
        table =
                new MacTable(
                        settings.ageingSeconds() * NS_PER_S,
                        nowNs,
                        port -> quotas[port],
                        new SecureRandom());
        members = Membership.none(settings.maxPorts());
        portsGauge =
                metrics.gauge(
                        "ringside_net_switch_ports",
                        "Ports of a switch, uplinks among them.",
                        Map.of("switch", name),
                        () -> members.size());
    }

    /** The operator's name for it. */
    public String name() {
        return name;
    }

    /** What it was made with. */
    public SwitchSettings settings() {
        return settings;
    }

    /**
     * A port for a NIC. It leaves the switch when it is closed.
     *
     * @throws IllegalArgumentException when the switch has no room for it, or another port has its
     *     name or MAC address; the message is for the operator
     */
    public PacketPort newPort(SwitchPortConfig config) {
        return new NicPort(this, add(config));
    }

    /**
     * A port that leads to another port, and closes it in the end. Nothing flows until a pair of it
     * is opened on a shard.
     *
     * @throws IllegalArgumentException as {@link #newPort}
     */
    public SwitchUplink newUplink(PacketPort outside, SwitchPortConfig config) {
        return new SwitchUplink(this, add(config), outside);
    }

    private synchronized SwitchPort add(SwitchPortConfig config) {
        int number = members.freeNumber();
        if (number < 0) {
            throw new IllegalArgumentException(
                    "switch " + name + " has " + settings.maxPorts() + " ports, no more");
        }
        String portName = config.name().isEmpty() ? freeName() : config.name();
        for (int i = 0; i < members.size(); i++) {
            if (members.at(i).name().equals(portName)) {
                throw new IllegalArgumentException(
                        "switch " + name + " has a port " + portName + " already");
            }
        }
        checkFree(config.mac());
        quotas[number] = config.maxAddresses();
        Map<String, String> labels = Map.of("switch", name, "port", portName);
        SwitchPort port = new SwitchPort(number, portName, config, labels, metrics);
        members = members.with(port);
        if (config.mac() != 0) {
            table.forgetElsewhere(config.mac(), number);
        }
        return port;
    }

    private String freeName() {
        for (int i = 0; ; i++) {
            String candidate = Integer.toString(i);
            boolean taken = false;
            for (int j = 0; j < members.size(); j++) {
                taken |= members.at(j).name().equals(candidate);
            }
            if (!taken) {
                return candidate;
            }
        }
    }

    private void checkFree(long mac) {
        SwitchPort owner = mac == 0 ? null : members.owner(mac);
        if (owner != null) {
            throw new IllegalArgumentException(
                    "switch "
                            + name
                            + ": "
                            + MacAddress.format(mac)
                            + " belongs to port "
                            + owner.name()
                            + " already");
        }
    }

    /** The NIC behind a port has this address; 0: nobody knows. */
    synchronized void assignMac(SwitchPort port, long mac) {
        if (port.assignedMac() == mac) {
            return;
        }
        checkFree(mac);
        port.assign(mac);
        members = members.with(port);
        if (mac != 0) {
            table.forgetElsewhere(mac, port.number());
        }
    }

    /** A port leaves; it has no open queue. */
    synchronized void remove(SwitchPort port) {
        if (members.port(port.number()) == port) {
            members = members.without(port);
            // Before another port can have its number.
            table.forgetPort(port.number());
            port.close();
        }
    }

    /** What it knows now, by VLAN and address. */
    public List<MacEntry> addresses() {
        Membership now = members;
        List<MacEntry> entries = new ArrayList<>();
        table.visit(
                (mac, vlan, number, ageNs) -> {
                    SwitchPort port = now.port(number);
                    if (port != null) {
                        int seconds = (int) (ageNs / NS_PER_S);
                        entries.add(
                                new MacEntry(MacAddress.format(mac), vlan, port.name(), seconds));
                    }
                });
        entries.sort(Comparator.comparingInt(MacEntry::vlan).thenComparing(MacEntry::mac));
        return entries;
    }

    /** How many ports it has. */
    public int ports() {
        return members.size();
    }

    Membership members() {
        return members;
    }

    MacTable table() {
        return table;
    }

    SwitchShard shard(ShardContext context) {
        return shards.computeIfAbsent(context, SwitchShard::new);
    }

    /** Shows no more metrics. Every port is closed. */
    @Override
    public void close() {
        portsGauge.close();
    }
}
