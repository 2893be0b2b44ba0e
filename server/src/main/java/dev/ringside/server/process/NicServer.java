package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.DeviceHandle;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.CaptureOptions;
import dev.ringside.server.options.NicOptions;
import dev.ringside.server.options.NicParser;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.SocketOptions;
import dev.ringside.server.options.Text;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.shm.Sandbox;
import dev.ringside.virtio.net.NetConfig;
import dev.ringside.virtio.net.NetDevice;
import dev.ringside.virtio.net.filter.CapturePort;
import dev.ringside.virtio.net.filter.RateLimitPort;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortHandOver;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One NIC. */
final class NicServer implements Part {
    /** A wrong key of {@code --nic} is taken for the port's: the message must help with both. */
    private static final String OWN =
            " (--nic itself has "
                    + NicParser.OPTIONS.stream()
                            .map(option -> option.substring(2))
                            .sorted()
                            .collect(Collectors.joining(", "))
                    + ")";

    private final NicOptions options;
    private final NetHost host;
    private @Nullable NetDevice device;
    private @Nullable DeviceHandle attached;
    private String port = "";

    NicServer(NicOptions options, NetHost host) {
        this.options = options;
        this.host = host;
    }

    @Override
    public NicOptions options() {
        return options;
    }

    @Override
    public String title() {
        return "NIC " + options.name();
    }

    @Override
    public String name() {
        return options.name();
    }

    @Override
    public void setLink(boolean up) {
        nic().setLink(up);
    }

    @Override
    public boolean plugged() {
        return nic().linkOn();
    }

    @Override
    public String startCapture(@Nullable String file, @Nullable Integer snaplen)
            throws OperatorException {
        return host.captures().start(name(), file, snaplen);
    }

    @Override
    public String stopCapture() throws OperatorException, InterruptedException {
        return host.captures().stop(name());
    }

    private String resource() {
        return "port of NIC " + options.name();
    }

    @Override
    public void open(MetricsRegistry registry, Inheritance inheritance) throws OperatorException {
        PacketPort outer = filtered(openPort(inheritance.take(resource())));
        try {
            NetConfig config =
                    NetConfig.named(options.name())
                            .withQueuePairs(options.queuePairs())
                            .withMaxQueueSize(options.queueSize())
                            .withMac(options.mac())
                            .withMtu(options.mtu());
            port = outer.describe();
            device = NetDevice.create(config, outer, registry);
        } catch (IllegalArgumentException e) {
            outer.close();
            throw new OperatorException(title() + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            outer.close();
            throw e;
        }
    }

    /** The filters that may be asked for, and no other: what is not there costs nothing. */
    private PacketPort filtered(PacketPort inner) {
        PacketPort outer = inner;
        if (options.capture() != null || host.observable()) {
            CapturePort visible = CapturePort.around(outer, options.name());
            host.captures().add(options.name(), visible, options.capture());
            outer = visible;
        }
        boolean limited = !options.limitIn().isUnlimited() || !options.limitOut().isUnlimited();
        return limited ? RateLimitPort.around(outer, options.limitOut(), options.limitIn()) : outer;
    }

    private PacketPort openPort(@Nullable Resource given) throws OperatorException {
        try {
            return host.ports().open(options.port(), given);
        } catch (IOException e) {
            throw new OperatorException(title() + ": " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new OperatorException(
                    title() + ": " + e.getMessage() + (options.listed() ? OWN : ""), e);
        }
    }

    private NetDevice nic() {
        return Objects.requireNonNull(device);
    }

    @Override
    public void attach(Engine engine) throws OperatorException {
        attached = Attaching.attach(engine, nic(), options.source());
    }

    @Override
    public void confine(Sandbox sandbox) {
        Confinement.allow(options.source(), sandbox);
        Confinement.allowPort(options.port(), sandbox);
        CaptureOptions capture = options.capture();
        if (capture != null) {
            Confinement.allow(capture, sandbox);
        }
    }

    @Override
    public void begun() throws OperatorException {
        host.captures().begin(options.name());
    }

    @Override
    public boolean detach(Engine engine) throws InterruptedException {
        host.captures().remove(options.name());
        return Attaching.detach(engine, attached);
    }

    @Override
    public List<Resource> resources() {
        return resource(resource(), nic().port());
    }

    /** What another process needs of a port; empty: nothing. */
    static List<Resource> resource(String name, PacketPort port) {
        PortHandOver handOver = port.handOver();
        return handOver == null
                ? List.of()
                : List.of(new Resource(name, handOver.fds(), handOver.details()));
    }

    @Override
    public void beforeFreeze() {
        nic().port().setFrozen(true);
    }

    @Override
    public void thaw(Engine engine) {
        nic().port().setFrozen(false);
    }

    @Override
    public List<String> notes() {
        return List.of();
    }

    @Override
    public String describe() {
        return title()
                + ": "
                + port
                + captureText(options.capture())
                + "; "
                + SocketOptions.describe(options.source())
                + "; "
                + Text.count(options.queuePairs(), "queue pair")
                + " of up to "
                + options.queueSize();
    }

    private static String captureText(@Nullable CaptureOptions capture) {
        return capture == null
                ? ""
                : ", capture to " + capture.target() + (capture.on() ? "" : " when SIGUSR2 comes");
    }

    @Override
    public void close() {
        if (device != null) {
            device.close();
        }
    }
}
