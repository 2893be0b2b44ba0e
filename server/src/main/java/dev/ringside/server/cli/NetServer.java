package dev.ringside.server.cli;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.virtio.net.NetConfig;
import dev.ringside.virtio.net.NetDevice;
import dev.ringside.virtio.net.filter.CapturePort;
import dev.ringside.virtio.net.filter.RateLimitPort;
import dev.ringside.virtio.net.l2.SwitchUplink;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortHandOver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The NICs of {@code ringside net}, and what connects them. */
final class NetServer implements Served {
    /** A wrong key of {@code --nic} is taken for the port's: the message must help with both. */
    private static final String OWN =
            " (--nic itself has "
                    + NicParser.OPTIONS.stream()
                            .map(option -> option.substring(2))
                            .sorted()
                            .collect(Collectors.joining(", "))
                    + ")";

    /** What the captures are called between processes. */
    private static final String CAPTURES = "captures";

    private final NetOptions options;
    private final List<Nic> nics = new ArrayList<>();
    private final List<SwitchUplink> uplinks = new ArrayList<>();
    private final Captures captures = new Captures();
    private @Nullable NetPorts ports;

    /** A NIC that is served. */
    private record Nic(NicOptions options, NetDevice device, String port) {}

    NetServer(NetOptions options) {
        this.options = options;
    }

    @Override
    public void open(MetricsRegistry registry, Inheritance inheritance) throws OperatorException {
        NetPorts opened = new NetPorts(registry);
        ports = opened;
        for (NicOptions nic : options.nics()) {
            open(nic, opened, registry, inheritance);
        }
        Resource captured = inheritance.take(CAPTURES);
        if (captured != null) {
            captures.takeOver(captured.details().keySet());
        }
        for (UplinkOptions uplink : options.uplinks()) {
            try {
                Resource given = inheritance.take(uplinkResource(uplinks.size()));
                uplinks.add(opened.connect(uplink, given));
            } catch (IOException | IllegalArgumentException e) {
                throw new OperatorException(
                        Values.given(NetSyntax.UPLINK, uplink.port()) + ": " + e.getMessage(), e);
            }
        }
    }

    private static String nicResource(NicOptions nic) {
        return "port of NIC " + nic.name();
    }

    private static String uplinkResource(int place) {
        return "port of uplink " + place;
    }

    private void open(
            NicOptions nic, NetPorts opened, MetricsRegistry registry, Inheritance inheritance)
            throws OperatorException {
        Resource given = inheritance.take(nicResource(nic));
        PacketPort port = filtered(nic, openPort(nic, opened, given));
        try {
            NetConfig config =
                    NetConfig.named(nic.name())
                            .withQueuePairs(nic.queuePairs())
                            .withMaxQueueSize(nic.queueSize())
                            .withMac(nic.mac())
                            .withMtu(nic.mtu());
            String description = port.describe();
            nics.add(new Nic(nic, NetDevice.create(config, port, registry), description));
        } catch (IllegalArgumentException e) {
            port.close();
            throw new OperatorException("NIC " + nic.name() + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            port.close();
            throw e;
        }
    }

    /** The filters that were asked for, and no other: what is not there costs nothing. */
    private PacketPort filtered(NicOptions nic, PacketPort port) {
        PacketPort outer = port;
        CaptureOptions capture = nic.capture();
        if (capture != null) {
            CapturePort visible = CapturePort.around(outer, nic.name());
            captures.add(nic.name(), visible, capture);
            outer = visible;
        }
        boolean limited = !nic.limitIn().isUnlimited() || !nic.limitOut().isUnlimited();
        return limited ? RateLimitPort.around(outer, nic.limitOut(), nic.limitIn()) : outer;
    }

    private static PacketPort openPort(NicOptions nic, NetPorts opened, @Nullable Resource given)
            throws OperatorException {
        try {
            return opened.open(nic.port(), given);
        } catch (IOException e) {
            throw new OperatorException("NIC " + nic.name() + ": " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new OperatorException(
                    "NIC " + nic.name() + ": " + e.getMessage() + (nic.listed() ? OWN : ""), e);
        }
    }

    @Override
    public void thaw(Engine engine) throws InterruptedException {
        setFrozen(false);
        captures.thaw();
        int shard = 0;
        for (SwitchUplink uplink : uplinks) {
            for (int i = 0; i < uplink.maxQueuePairs(); i++) {
                int pair = i;
                engine.onShard(shard++, context -> uplink.openPair(context, pair));
            }
        }
    }

    @Override
    public void attach(Engine engine) throws OperatorException {
        for (Nic nic : nics) {
            Attaching.attach(engine, nic.device(), nic.options().source());
        }
        // Last: a start that fails leaves no file behind.
        captures.start();
        Signals.listen((name, number) -> captures.toggle(), "USR2");
    }

    @Override
    public void freeze(Engine engine) throws InterruptedException {
        int shard = 0;
        for (SwitchUplink uplink : uplinks) {
            for (int i = 0; i < uplink.maxQueuePairs(); i++) {
                int pair = i;
                engine.onShard(shard++, context -> uplink.closePair(pair));
            }
        }
        captures.freeze();
    }

    @Override
    public List<Resource> resources() {
        List<Resource> all = new ArrayList<>();
        for (Nic nic : nics) {
            addResource(all, nicResource(nic.options()), nic.device().port());
        }
        for (int i = 0; i < uplinks.size(); i++) {
            addResource(all, uplinkResource(i), uplinks.get(i).outside());
        }
        all.add(new Resource(CAPTURES, List.of(), captures.running("on")));
        return all;
    }

    private static void addResource(List<Resource> to, String name, PacketPort port) {
        PortHandOver handOver = port.handOver();
        if (handOver != null) {
            to.add(new Resource(name, handOver.fds(), handOver.details()));
        }
    }

    @Override
    public void beforeFreeze() {
        setFrozen(true);
    }

    private void setFrozen(boolean frozen) {
        nics.forEach(nic -> nic.device().port().setFrozen(frozen));
        uplinks.forEach(uplink -> uplink.outside().setFrozen(frozen));
    }

    @Override
    public List<String> notes() {
        return List.of();
    }

    @Override
    public String describe() {
        StringBuilder text = new StringBuilder();
        for (Nic nic : nics) {
            text.append(text.isEmpty() ? "" : "; ")
                    .append("NIC ")
                    .append(nic.options().name())
                    .append(": ")
                    .append(nic.port())
                    .append(captureText(nic.options().capture()))
                    .append("; ")
                    .append(SocketOptions.describe(nic.options().source()))
                    .append("; ")
                    .append(Text.count(nic.options().queuePairs(), "queue pair"))
                    .append(" of up to ")
                    .append(nic.options().queueSize());
        }
        uplinks.forEach(uplink -> text.append("; ").append(uplink.describe()));
        return text.toString();
    }

    private static String captureText(@Nullable CaptureOptions capture) {
        return capture == null
                ? ""
                : ", capture to " + capture.target() + (capture.on() ? "" : " when SIGUSR2 comes");
    }

    @Override
    public void close() {
        captures.close();
        nics.reversed().forEach(nic -> nic.device().close());
        uplinks.reversed().forEach(SwitchUplink::close);
        if (ports != null) {
            ports.close();
        }
    }
}
