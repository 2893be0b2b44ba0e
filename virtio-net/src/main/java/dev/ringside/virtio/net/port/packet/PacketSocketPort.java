package dev.ringside.virtio.net.port.packet;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.NetInterface;
import dev.ringside.shm.PacketOptions;
import dev.ringside.shm.PacketSocket;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.offload.OffloadCounter;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortScheme;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.HostMetrics;
import dev.ringside.virtqueue.device.ShardContext;
import java.util.concurrent.Executor;

/**
 * A port on an existing Ethernet interface of the host: the guest hears the frames that arrive
 * there, of every MAC address, and sends from there. Frames between guest and host's own stack do
 * not pass: they never arrive at the interface.
 *
 * <p>Each queue pair has sockets of its own, opened and closed on the control executor, since that
 * may wait. Flows are dealt out to the pairs whose receiveq is open and enabled. An interface that
 * is deleted is looked for every second.
 */
public final class PacketSocketPort implements PacketPort {
    /** So often is asked again for an interface that is not there. */
    static final long RETRY_NS = 1_000_000_000L;

    private static final int MAX_QUEUES = 256;
    private static final int MAX_RING_MIB = 1024;
    private static final int MIB = 1 << 20;
    private static final int MIN_MTU = 68;
    private static final int MAX_MTU = 65535;

    private final NetInterface host;
    private final PacketOptions options;
    private final int queues;
    private final Executor control;
    private final HostMetrics metrics;
    private final FanoutGroup group;
    private final int transmitOffloads;
    private boolean closed;

    private PacketSocketPort(
            NetInterface host,
            PacketOptions options,
            int queues,
            Executor control,
            HostMetrics metrics) {
        this.host = host;
        this.options = options;
        this.queues = queues;
        this.control = control;
        this.metrics = metrics;
        group = new FanoutGroup(queues > 1);
        int udp = Offload.USO4 | Offload.USO6;
        transmitOffloads = knowsUso() ? Offload.ALL : Offload.ALL & ~udp;
    }

    /** Linux 6.2 has learnt to cut UDP for others. */
    private static boolean knowsUso() {
        String[] version = System.getProperty("os.version", "0.0").split("[^0-9]+", 3);
        int major = Integer.parseInt(version[0]);
        return major > 6 || (major == 6 && version.length > 1 && Integer.parseInt(version[1]) >= 2);
    }

    /**
     * The kind {@code packet:}.
     *
     * @param control runs short tasks that may block, one after the other; not a shard. It must
     *     still run when the port's sinks and sources are closed
     */
    public static PortScheme scheme(Executor control) {
        return new PortScheme(
                "packet",
                true,
                "packet:INTERFACE[,queues=N][,promisc=off][,bypass=on][,ring-mib=N][,wait-ms=N]"
                        + "[,mtu=N][,up=on|off]",
                (uri, metrics) -> open(uri, metrics, control));
    }

    /**
     * Opens the port; the interface must be there.
     *
     * @param control see {@link #scheme}
     * @throws IllegalArgumentException when the text is wrong
     * @throws LinuxException with the way out
     */
    public static PacketSocketPort open(PortUri uri, MetricsRegistry registry, Executor control)
            throws LinuxException {
        uri.allowOnly("queues", "promisc", "bypass", "ring-mib", "wait-ms", "mtu", "up");
        int queues = uri.intNumber("queues", 1, 1, MAX_QUEUES);
        int mtu = uri.intNumber("mtu", 0, MIN_MTU, MAX_MTU);
        PacketOptions preset = PacketOptions.DEFAULT;
        int ringMib = uri.intNumber("ring-mib", preset.ringBytes() / MIB, 1, MAX_RING_MIB);
        PacketOptions options =
                new PacketOptions(
                        true,
                        uri.flag("promisc", preset.promiscuous()),
                        uri.flag("bypass", preset.qdiscBypass()),
                        uri.intNumber("wait-ms", preset.retireMs(), 1, 1000),
                        preset.blockBytes(),
                        ringMib * (MIB / preset.blockBytes()));
        NetInterface host = NetInterface.open(uri.requireName("INTERFACE"));
        try {
            if (mtu > 0) {
                host.setMtu(mtu);
            }
            if (uri.value("up") != null) {
                host.setUp(uri.flag("up", true));
            }
            // What cannot be opened now could not be later: say so before a guest comes.
            PacketSocket.open(host.name(), options).close();
            return new PacketSocketPort(
                    host, options, queues, control, new HostMetrics(uri, registry, queues));
        } catch (LinuxException | RuntimeException e) {
            host.close();
            throw e;
        }
    }

    @Override
    public String describe() {
        StringBuilder text = new StringBuilder("packet ").append(host.name());
        text.append(", ").append(queues).append(queues == 1 ? " queue" : " queues");
        text.append(options.promiscuous() ? ", promiscuous" : ", not promiscuous");
        text.append(", ring ").append(options.ringBytes() / MIB).append(" MiB");
        text.append(", frames wait up to ").append(options.retireMs()).append(" ms");
        try {
            text.append(", MTU ").append(host.mtu()).append(host.isUp() ? "" : ", down");
        } catch (LinuxException e) {
            text.append(", ").append(e.getMessage());
        }
        return text.toString();
    }

    @Override
    public int maxQueuePairs() {
        return queues;
    }

    @Override
    public int mtu() {
        try {
            return host.mtu();
        } catch (LinuxException e) {
            return MAX_MTU;
        }
    }

    @Override
    public FrameSink openTransmit(ShardContext shard, int pair) {
        return new PacketSink(this, shard, counters(pair));
    }

    @Override
    public FrameSource openReceive(ShardContext shard, int pair, FrameSink into) {
        return new PacketSource(this, shard, pair, into);
    }

    Counters<HostCounter> counters(int pair) {
        return metrics.counters(pair);
    }

    Counters<OffloadCounter> offloadCounters(int pair) {
        return metrics.offloadCounters(pair);
    }

    int transmitOffloads() {
        return transmitOffloads;
    }

    SocketSlot slot(ShardContext shard) {
        return new SocketSlot(control, shard.doorbell());
    }

    /** Has a socket opened to send by, if the slot still wants one then. */
    void openTransmit(SocketSlot slot) {
        control.execute(() -> open(slot, false));
    }

    /** Has a socket opened to receive by, if the slot still wants one then. */
    void openReceive(SocketSlot slot) {
        control.execute(() -> open(slot, true));
    }

    private synchronized void open(SocketSlot slot, boolean receives) {
        if (closed || !slot.wanted()) {
            return;
        }
        PacketSocket socket;
        try {
            socket =
                    receives
                            ? PacketSocket.open(host.name(), options)
                            : PacketSocket.openTransmit(host.name(), options);
        } catch (LinuxException e) {
            // Not there now: whoever wants it asks again.
            return;
        }
        try {
            if (receives) {
                group.join(socket);
            }
        } catch (LinuxException e) {
            // The interface is down.
            socket.close();
            return;
        }
        slot.offer(socket);
    }

    /** Has the interface looked at that a source's socket is on. */
    void examine(PacketSource source, PacketSocket socket) {
        int index = socket.index();
        control.execute(() -> examine(source, index));
    }

    private synchronized void examine(PacketSource source, int index) {
        if (closed) {
            return;
        }
        try {
            if (host.index() != index) {
                source.examined(false);
            } else if (host.isUp()) {
                source.examined(true);
            }
        } catch (LinuxException e) {
            source.examined(false);
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        metrics.close();
        host.close();
    }

    @Override
    public String toString() {
        return "packet " + host.name();
    }
}
