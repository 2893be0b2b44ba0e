package dev.ringside.virtio.net.port.tap;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.NetInterface;
import dev.ringside.shm.NetNamespace;
import dev.ringside.shm.Tap;
import dev.ringside.shm.TapOffload;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.offload.OffloadCounter;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortHandOver;
import dev.ringside.virtio.net.port.PortScheme;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.host.FramePool;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.HostMetrics;
import dev.ringside.virtqueue.device.ShardContext;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A port on a TAP or macvtap interface of the host: what the guest sends the host receives there,
 * and the other way round.
 *
 * <p>Each queue pair is a queue of the interface. Only those whose receiveq is open and enabled
 * have a share of the traffic; of an interface with several queues the kernel drops what comes
 * while there is none. What the kernel leaves undone on frames is what every open receiveq accepts.
 * Both are told to the kernel on the control executor, since it may wait for locks.
 */
public final class TapPort implements PacketPort {
    /** Frames that sinks of one queue may hold at a time, and one. */
    private static final int SLOTS = 64;

    private static final int UNLIMITED_MTU = 65535;
    private static final int UNKNOWN = -1;
    private static final String OFFLOADS = "offloads";

    private final Tap tap;
    private final TapOptions options;
    private final @Nullable NetInterface host;
    private final Executor control;
    private final int transmitOffloads;
    private final HostMetrics metrics;
    // Shards put sources here and never wait; what follows is the control executor's.
    private final AtomicReferenceArray<@Nullable TapSource> sources;
    private final Object lock = new Object();
    private final boolean[] attached;
    private int index;
    private int receiveOffloads;
    private boolean frozen;
    private boolean closed;

    private TapPort(
            Tap tap,
            TapOptions options,
            @Nullable NetInterface host,
            HostMetrics metrics,
            Executor control,
            int usable)
            throws LinuxException {
        this.tap = tap;
        this.options = options;
        index = host == null ? 0 : host.index();
        this.host = host;
        this.metrics = metrics;
        this.control = control;
        transmitOffloads = usable;
        sources = new AtomicReferenceArray<>(tap.queueCount());
        attached = new boolean[tap.queueCount()];
    }

    /**
     * The kinds {@code tap:} and {@code macvtap:}.
     *
     * @param control runs short tasks that may block, one after the other; not a shard. It must
     *     still run when the port's sinks and sources are closed
     * @param handedOver what another process has of the port that is opened next; null: nothing
     */
    public static List<PortScheme> schemes(
            Executor control, Supplier<@Nullable PortHandOver> handedOver) {
        PortScheme.Opener opener =
                (uri, metrics) -> {
                    PortHandOver given = handedOver.get();
                    return given == null
                            ? open(uri, metrics, control)
                            : takeOver(uri, metrics, control, given);
                };
        return List.of(
                new PortScheme(
                        "tap",
                        true,
                        "tap:NAME[,queues=N][,persist=on|off][,up=on|off][,mtu=N][,mac=MAC]"
                                + "[,vnet=off][,sndbuf=BYTES][,netns=NAME]; tap:fd=N[:N]...",
                        opener),
                new PortScheme(
                        "macvtap",
                        true,
                        "macvtap:NAME[,queues=N][,up=on|off][,mtu=N][,mac=MAC][,vnet=off]",
                        opener));
    }

    /**
     * Opens or makes the interface.
     *
     * @param control see {@link #schemes}
     * @throws IllegalArgumentException when the text is wrong
     * @throws LinuxException with the way out
     */
    public static TapPort open(PortUri uri, MetricsRegistry registry, Executor control)
            throws LinuxException {
        TapOptions options = TapOptions.of(uri);
        String namespace = options.namespace();
        if (namespace == null) {
            return openHere(uri, options, registry, control);
        }
        try (NetNamespace _ = NetNamespace.enter(namespace)) {
            return openHere(uri, options, registry, control);
        }
    }

    /**
     * Goes on with the interface of another process, which reads and writes until its sources and
     * sinks are closed: nothing about it is changed before one is opened here.
     *
     * @param given its {@link #handOver}; the descriptors are the port's from now on
     * @throws LinuxException when they are none of an interface
     */
    static TapPort takeOver(
            PortUri uri, MetricsRegistry registry, Executor control, PortHandOver given)
            throws LinuxException {
        TapOptions options = TapOptions.of(uri);
        String namespace = options.namespace();
        int usable = Integer.parseInt(given.details().getOrDefault(OFFLOADS, "0"));
        Tap tap = Tap.adopt(given.fds());
        NetInterface host = null;
        try (NetNamespace _ = namespace == null ? null : NetNamespace.enter(namespace)) {
            host = NetInterface.exists(tap.name()) ? NetInterface.open(tap.name()) : null;
            HostMetrics metrics = new HostMetrics(uri, registry, tap.queueCount());
            TapPort port = new TapPort(tap, options, host, metrics, control, usable);
            // What it was last told is not known here: it is told again.
            Arrays.fill(port.attached, true);
            port.receiveOffloads = UNKNOWN;
            return port;
        } catch (LinuxException | RuntimeException e) {
            if (host != null) {
                host.close();
            }
            tap.close();
            throw e;
        }
    }

    private static TapPort openHere(
            PortUri uri, TapOptions options, MetricsRegistry registry, Executor control)
            throws LinuxException {
        Tap tap = openTap(options);
        NetInterface host = null;
        try {
            host = interfaceOf(options, tap);
            if (host != null) {
                setUp(options, tap.wasCreated(), host);
            }
            Boolean persistent = options.persistent();
            if (persistent != null) {
                tap.setPersistent(persistent);
            }
            if (options.sendBufferBytes() > 0) {
                tap.setSendBuffer(options.sendBufferBytes());
            }
            int usable = probe(tap);
            for (int queue = 0; queue < tap.queueCount(); queue++) {
                tap.detach(queue);
            }
            HostMetrics metrics = new HostMetrics(uri, registry, tap.queueCount());
            return new TapPort(tap, options, host, metrics, control, usable);
        } catch (LinuxException | RuntimeException e) {
            if (host != null) {
                host.close();
            }
            tap.close();
            throw e;
        }
    }

    private static Tap openTap(TapOptions options) throws LinuxException {
        if (!options.fds().isEmpty()) {
            return Tap.adopt(options.fds().stream().map(Fd::adopt).toList());
        }
        return options.macvtap()
                ? Tap.openMacvtap(options.name(), options.queues(), options.vnetHeader())
                : Tap.open(options.name(), options.queues(), options.vnetHeader());
    }

    /** An inherited descriptor's interface may be in another namespace, out of reach. */
    private static @Nullable NetInterface interfaceOf(TapOptions options, Tap tap)
            throws LinuxException {
        if (!options.fds().isEmpty() && !NetInterface.exists(tap.name())) {
            return null;
        }
        return NetInterface.open(tap.name());
    }

    private static void setUp(TapOptions options, boolean made, NetInterface host)
            throws LinuxException {
        if (options.mtu() > 0) {
            host.setMtu(options.mtu());
        }
        String mac = options.mac();
        if (mac != null) {
            host.setMac(TapOptions.macBytes(mac));
        }
        Boolean up = options.up();
        if (up != null || made) {
            host.setUp(up == null || up);
        }
    }

    /** What the kernel understands of what a guest leaves undone; it is asked for nothing yet. */
    private static int probe(Tap tap) throws LinuxException {
        if (!tap.hasVnetHeader()) {
            return Offload.NONE;
        }
        // It has learnt both directions of USO at once.
        int granted = tap.setOffload(TapOffload.TUN_F_CSUM | TapOffload.USO);
        tap.setOffload(0);
        int udp = Offload.USO4 | Offload.USO6;
        return (granted & TapOffload.USO) != 0 ? Offload.ALL : Offload.ALL & ~udp;
    }

    /** The interface's bits of what a sink accepts. */
    static int tapOffloads(int accepts) {
        return ((accepts & Offload.CSUM) != 0 ? TapOffload.TUN_F_CSUM : 0)
                | ((accepts & Offload.TSO4) != 0 ? TapOffload.TUN_F_TSO4 : 0)
                | ((accepts & Offload.TSO6) != 0 ? TapOffload.TUN_F_TSO6 : 0)
                | ((accepts & Offload.ECN) != 0 ? TapOffload.TUN_F_TSO_ECN : 0)
                | ((accepts & Offload.USO4) != 0 ? TapOffload.TUN_F_USO4 : 0)
                | ((accepts & Offload.USO6) != 0 ? TapOffload.TUN_F_USO6 : 0);
    }

    Tap tap() {
        return tap;
    }

    Counters<OffloadCounter> offloadCounters(int pair) {
        return metrics.offloadCounters(pair);
    }

    /** The interface's name: of {@code tap:ring%d} the one that the kernel chose. */
    public String interfaceName() {
        return tap.name();
    }

    @Override
    public String describe() {
        StringBuilder text = new StringBuilder(tap.toString());
        text.append(tap.wasCreated() ? ", made here" : ", taken over");
        text.append(", ")
                .append(tap.queueCount())
                .append(tap.queueCount() == 1 ? " queue" : " queues");
        if (!tap.hasVnetHeader()) {
            text.append(", no offloads: no virtio_net_hdr");
        } else if ((transmitOffloads & Offload.USO4) == 0) {
            text.append(", no USO: the kernel is older than 6.2");
        }
        try {
            if (host != null) {
                text.append(", MTU ").append(host.mtu()).append(host.isUp() ? "" : ", down");
                if (tap.isMacvtap()) {
                    String mac = HexFormat.ofDelimiter(":").formatHex(host.mac());
                    text.append(", receives for MAC ").append(mac.toLowerCase(Locale.ROOT));
                }
            }
        } catch (LinuxException e) {
            text.append(", ").append(e.getMessage());
        }
        return text.toString();
    }

    @Override
    public int maxQueuePairs() {
        return tap.queueCount();
    }

    @Override
    public int mtu() {
        try {
            return host == null ? UNLIMITED_MTU : host.mtu();
        } catch (LinuxException e) {
            return UNLIMITED_MTU;
        }
    }

    @Override
    public FrameSink openTransmit(ShardContext shard, int pair) {
        return new TapSink(shard, tap, pair, transmitOffloads, metrics.counters(pair));
    }

    @Override
    public FrameSource openReceive(ShardContext shard, int pair, FrameSink into) {
        FramePool pool;
        try {
            pool = new FramePool(SLOTS);
        } catch (LinuxException e) {
            throw new UncheckedIOException(e);
        }
        TapSource source = new TapSource(this, shard, pair, into, pool, metrics.counters(pair));
        sources.set(pair, source);
        changed();
        return source;
    }

    @Override
    public PortHandOver handOver() {
        List<Fd> fds = new ArrayList<>();
        for (int queue = 0; queue < tap.queueCount(); queue++) {
            fds.add(tap.descriptor(queue));
        }
        return new PortHandOver(fds, Map.of(OFFLOADS, Integer.toString(transmitOffloads)));
    }

    /** While it is frozen queues keep what the host sends, and the kernel is told nothing. */
    @Override
    public void setFrozen(boolean value) {
        synchronized (lock) {
            frozen = value;
        }
        changed();
    }

    /** A source is another than before: tells the kernel, soon. */
    void changed() {
        control.execute(this::reconcile);
    }

    /** A source reads no more. */
    void left(TapSource source, int pair) {
        sources.compareAndSet(pair, source, null);
        changed();
    }

    /** A source found the interface deleted: looks, soon, whether there is another of its name. */
    void lookForAnother() {
        control.execute(this::reopen);
    }

    private void reopen() {
        synchronized (lock) {
            if (closed || frozen || !isBack()) {
                return;
            }
            for (int pair = 0; pair < attached.length; pair++) {
                TapSource source = sources.get(pair);
                if (source != null) {
                    source.cameBack();
                }
            }
        }
        reconcile();
    }

    /** Whether there is an interface that the queues are open on, if need be from now on. */
    private boolean isBack() {
        String namespace = options.namespace();
        try {
            if (host == null || !options.fds().isEmpty()) {
                return false;
            }
            int now = host.index();
            if (now == index) {
                return true;
            }
            if (namespace == null) {
                tap.reopen();
            } else {
                try (NetNamespace _ = NetNamespace.enter(namespace)) {
                    tap.reopen();
                }
            }
            setUp(options, false, host);
            if (options.sendBufferBytes() > 0) {
                tap.setSendBuffer(options.sendBufferBytes());
            }
            for (int queue = 0; queue < tap.queueCount(); queue++) {
                tap.detach(queue);
            }
            Arrays.fill(attached, false);
            receiveOffloads = 0;
            index = now;
            return true;
        } catch (LinuxException e) {
            // Not yet, or not one that suits: the sources ask again.
            return false;
        }
    }

    /** Makes the kernel do what the open sources want. First less, then the offloads, then more. */
    private void reconcile() {
        synchronized (lock) {
            if (closed || frozen) {
                return;
            }
            int accepted = Offload.ALL;
            int open = 0;
            for (int pair = 0; pair < attached.length; pair++) {
                TapSource source = sources.get(pair);
                if (source != null) {
                    accepted &= source.accepts();
                    open++;
                }
                if (attached[pair] && (source == null || !source.wanted())) {
                    attached[pair] = tap.detach(pair) < 0;
                }
            }
            setOffloads(open == 0 ? 0 : tapOffloads(accepted));
            for (int pair = 0; pair < attached.length; pair++) {
                TapSource source = sources.get(pair);
                if (source != null && source.wanted()) {
                    attached[pair] |= tap.attach(pair) >= 0;
                    source.makeReady();
                }
            }
        }
    }

    private void setOffloads(int bits) {
        if (bits == receiveOffloads) {
            return;
        }
        try {
            tap.setOffload(bits);
            receiveOffloads = bits;
        } catch (LinuxException e) {
            // It is gone, or was never able to: sources drop and count what is not accepted.
            receiveOffloads = UNKNOWN;
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
        }
        metrics.close();
        tap.close();
        if (host != null) {
            host.close();
        }
    }

    @Override
    public String toString() {
        return tap.toString();
    }

    /** For tests. */
    Counters<HostCounter> counters(int pair) {
        return metrics.counters(pair);
    }

    /** How many of the queues have a share of the traffic; for tests. */
    int attachedCount() {
        synchronized (lock) {
            int count = 0;
            for (boolean one : attached) {
                count += one ? 1 : 0;
            }
            return count;
        }
    }

    /** For tests: what {@link Tap#setOffload} was last told. */
    int receiveOffloads() {
        synchronized (lock) {
            return receiveOffloads;
        }
    }
}
