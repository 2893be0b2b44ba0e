package dev.ringside.server.cli;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.virtio.net.NetConfig;
import dev.ringside.virtio.net.NetDevice;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.ports.PacketPorts;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

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
        refuseWhatIsNotServed();
        for (NicOptions nic : options.nics()) {
            open(nic, registry);
        }
    }

    private void refuseWhatIsNotServed() throws OperatorException {
        boolean filtered =
                options.nics().stream()
                        .anyMatch(
                                nic ->
                                        nic.limitIn() != null
                                                || nic.limitOut() != null
                                                || nic.capture() != null);
        if (filtered || !options.uplinks().isEmpty()) {
            throw new OperatorException(
                    "rate limits, captures and uplinks are not served by this version");
        }
    }

    private void open(NicOptions nic, MetricsRegistry registry) throws OperatorException {
        PacketPort port = openPort(nic, registry);
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

    private static PacketPort openPort(NicOptions nic, MetricsRegistry registry)
            throws OperatorException {
        try {
            return PacketPorts.open(nic.port(), registry);
        } catch (IOException e) {
            throw new OperatorException("NIC " + nic.name() + ": " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new OperatorException(
                    "NIC " + nic.name() + ": " + e.getMessage() + (nic.listed() ? OWN : ""), e);
        }
    }

    @Override
    public void attach(Engine engine) throws OperatorException {
        for (Nic nic : nics) {
            Attaching.attach(engine, nic.device(), nic.options().source());
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
                    .append("; ")
                    .append(SocketOptions.describe(nic.options().source()))
                    .append("; ")
                    .append(Text.count(nic.options().queuePairs(), "queue pair"))
                    .append(" of up to ")
                    .append(nic.options().queueSize());
        }
        return text.toString();
    }

    @Override
    public void close() {
        nics.reversed().forEach(nic -> nic.device().close());
    }
}
