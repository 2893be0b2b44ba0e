package dev.ringside.server.cli;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.virtio.net.NetConfig;
import dev.ringside.virtio.net.NetDevice;
import dev.ringside.virtio.net.filter.CapturePort;
import dev.ringside.virtio.net.filter.RateLimitPort;
import dev.ringside.virtio.net.l2.SwitchUplink;
import dev.ringside.virtio.net.port.PacketPort;
import java.io.IOException;
import java.io.PrintStream;
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

    private final NetOptions options;
    private final List<Nic> nics = new ArrayList<>();
    private final List<SwitchUplink> uplinks = new ArrayList<>();
    private final Captures captures = new Captures();
    private @Nullable NetPorts ports;

    /** A NIC that is served. */
    private record Nic(NicOptions options, NetDevice device, String port) {}

    private NetServer(NetOptions options) {
        this.options = options;
    }

    /** See {@link Server#run}. */
    static int run(NetOptions options, PrintStream err)
            throws OperatorException, InterruptedException {
        return Server.run(new NetServer(options), options.threads(), options.metrics(), err);
    }

    @Override
    public void open(MetricsRegistry registry) throws OperatorException {
        NetPorts opened = new NetPorts(registry);
        ports = opened;
        for (NicOptions nic : options.nics()) {
            open(nic, opened, registry);
        }
        for (UplinkOptions uplink : options.uplinks()) {
            try {
                uplinks.add(opened.connect(uplink));
            } catch (IOException | IllegalArgumentException e) {
                throw new OperatorException(
                        Values.given(NetSyntax.UPLINK, uplink.port()) + ": " + e.getMessage(), e);
            }
        }
    }

    private void open(NicOptions nic, NetPorts opened, MetricsRegistry registry)
            throws OperatorException {
        PacketPort port = filtered(nic, openPort(nic, opened));
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

    private static PacketPort openPort(NicOptions nic, NetPorts opened) throws OperatorException {
        try {
            return opened.open(nic.port());
        } catch (IOException e) {
            throw new OperatorException("NIC " + nic.name() + ": " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new OperatorException(
                    "NIC " + nic.name() + ": " + e.getMessage() + (nic.listed() ? OWN : ""), e);
        }
    }

    @Override
    public void attach(Engine engine) throws OperatorException, InterruptedException {
        int shard = 0;
        for (SwitchUplink uplink : uplinks) {
            for (int i = 0; i < uplink.maxQueuePairs(); i++) {
                int pair = i;
                engine.onShard(shard++, context -> uplink.openPair(context, pair));
            }
        }
        for (Nic nic : nics) {
            Attaching.attach(engine, nic.device(), nic.options().source());
        }
        // Last: a start that fails leaves no file behind.
        captures.start();
        Signals.listen((name, number) -> captures.toggle(), "USR2");
    }

    @Override
    public void detach(Engine engine) throws InterruptedException {
        int shard = 0;
        for (SwitchUplink uplink : uplinks) {
            for (int i = 0; i < uplink.maxQueuePairs(); i++) {
                int pair = i;
                engine.onShard(shard++, context -> uplink.closePair(pair));
            }
        }
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
