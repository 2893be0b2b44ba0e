package dev.ringside.virtio.net;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.offload.SoftwareOffload;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.DeviceStateException;
import dev.ringside.virtqueue.device.NetControl;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A virtio network device (virtio 1.3, section 5.1). Control methods may be called by any thread;
 * workers see their effect at their next poll. Queue {@code 2i} receives and {@code 2i + 1}
 * transmits for pair {@code i}.
 */
public final class NetDevice implements VirtioDevice, NetControl {
    private static final long GROUP_BIT = 1L << 40;

    private final NetConfig config;
    private final PacketPort port;
    private final long offered;
    private final List<NetQueueMetrics<ReceiveCounter>> receiveMetrics = new ArrayList<>();
    private final List<NetQueueMetrics<TransmitCounter>> transmitMetrics = new ArrayList<>();
    private final NetStates states;
    private final List<ReceiveInbox> inboxes = new ArrayList<>();
    private final Announcement announcement = new Announcement();
    private volatile Runnable configListener = () -> {};
    private boolean closed;

    private NetDevice(NetConfig config, PacketPort port, MetricsRegistry registry) {
        this.config = config;
        this.port = port;
        offered = NetFeature.offered(config);
        states = new NetStates(NetState.initial(firstLink()));
        for (int pair = 0; pair < config.queuePairs(); pair++) {
            inboxes.add(new ReceiveInbox());
            receiveMetrics.add(
                    new NetQueueMetrics<>(registry, labels(2 * pair), ReceiveCounter.class));
            transmitMetrics.add(
                    new NetQueueMetrics<>(registry, labels(2 * pair + 1), TransmitCounter.class));
        }
    }

    /**
     * A NIC. The port belongs to it from now on, and is closed with it.
     *
     * @throws IllegalArgumentException when the port cannot serve so many queue pairs, or not so
     *     large an MTU
     */
    public static NetDevice create(NetConfig config, PacketPort port, MetricsRegistry metrics) {
        if (config.queuePairs() > port.maxQueuePairs()) {
            throw new IllegalArgumentException(
                    "queue-pairs "
                            + config.queuePairs()
                            + ": the port serves at most "
                            + port.maxQueuePairs());
        }
        if (config.mtu() > port.mtu()) {
            throw new IllegalArgumentException(
                    "mtu " + config.mtu() + ": the port carries at most " + port.mtu());
        }
        if (config.mac() != 0) {
            port.assignMac(config.mac());
        }
        NetDevice device = new NetDevice(config, port, metrics);
        port.onLinkChange(device::portChanged);
        device.portChanged();
        return device;
    }

    private NetLink firstLink() {
        return new NetLink(port.linkUp(), true, false, config.mac(), configuredMtu());
    }

    private int configuredMtu() {
        return config.mtu() != 0 ? config.mtu() : port.mtu();
    }

    private Map<String, String> labels(int queue) {
        return Map.of("device", config.name(), "queue", Integer.toString(queue));
    }

    /** One line for the operator: what the NIC is plugged into. */
    public String describe() {
        return port.describe();
    }

    @Override
    public Map<String, String> attributes() {
        NetLink link = states.get().link();
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put("link", link.up() ? "up" : link.switchedOn() ? "down at port" : "down");
        attributes.put("mtu", Integer.toString(link.mtu()));
        attributes.put("port", port.describe());
        return attributes;
    }

    /** What the NIC is plugged into, still owned by this object. */
    public PacketPort port() {
        return port;
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public int deviceId() {
        return NetSpec.DEVICE_ID;
    }

    /** The pairs' queues and the control queue, whether or not that is ever started. */
    @Override
    public int queueCount() {
        return 2 * config.queuePairs() + 1;
    }

    /** Both queues of a pair are one shard's; the control queue is where the first pair is. */
    @Override
    public int shardGroup(int queue) {
        int pair = queue / 2;
        return pair < config.queuePairs() ? pair : 0;
    }

    @Override
    public int maxQueueSize() {
        return config.maxQueueSize();
    }

    @Override
    public long offeredFeatures() {
        return offered;
    }

    @Override
    public void setFeatures(long features) {
        states.change(state -> state.withFeatures(features & offered));
    }

    @Override
    public int configSize() {
        return NetSpec.CONFIG_BYTES;
    }

    @Override
    public void readConfig(int offset, byte[] into) {
        Arrays.fill(into, (byte) 0);
        if (offset < 0 || offset >= NetSpec.CONFIG_BYTES) {
            return;
        }
        byte[] space = NetConfigSpace.encode(config, states.get().link(), port.speedMbps());
        System.arraycopy(space, offset, into, 0, Math.min(into.length, space.length - offset));
    }

    /** Only legacy drivers write here, and only the MAC address (section 5.1.4). */
    @Override
    public boolean writeConfig(int offset, byte[] data) {
        if (offset != NetSpec.CONFIG_MAC
                || data.length != NetSpec.MAC_BYTES
                || states.get().has(VirtioSpec.VIRTIO_F_VERSION_1)) {
            return false;
        }
        long mac = 0;
        for (byte part : data) {
            mac = mac << Byte.SIZE | Byte.toUnsignedLong(part);
        }
        if ((mac & GROUP_BIT) != 0) {
            return false;
        }
        long written = mac;
        states.change(state -> state.withLink(state.link().withMac(written)));
        return true;
    }

    @Override
    public void onConfigChange(Runnable listener) {
        configListener = listener;
    }

    /** Pulls the plug, or puts it in again: while it is out, frames are dropped both ways. */
    public void setLink(boolean up) {
        changeLink(link -> link.withSwitchedOn(up));
        announcement.wake();
    }

    /** Whether {@link #setLink} has not pulled the plug. */
    public boolean linkOn() {
        return states.get().link().switchedOn();
    }

    @Override
    public boolean setMtu(int mtu) {
        if (mtu < NetSpec.MIN_MTU || mtu > port.mtu()) {
            return false;
        }
        changeLink(link -> link.withMtu(mtu));
        return true;
    }

    /**
     * Sends a RARP request, and asks the driver to announce itself when it can and its control
     * queue is served here.
     */
    @Override
    public boolean announce(long mac) {
        if (mac == 0 || mac >>> (Byte.SIZE * NetSpec.MAC_BYTES) != 0 || (mac & GROUP_BIT) != 0) {
            return false;
        }
        announcement.ask(mac);
        NetState state = states.get();
        if (state.has(NetSpec.VIRTIO_NET_F_GUEST_ANNOUNCE | NetSpec.VIRTIO_NET_F_STATUS)
                && state.reception().controlled()) {
            changeLink(link -> link.withAnnounce(true));
        }
        return true;
    }

    private void portChanged() {
        changeLink(link -> link.withPortUp(port.linkUp()));
    }

    private void changeLink(UnaryOperator<NetLink> edit) {
        NetState before = states.change(state -> state.withLink(edit.apply(state.link())));
        if (!states.get().link().equals(before.link())) {
            configListener.run();
        }
    }

    @Override
    public QueueWorker startQueue(Virtqueue queue, ShardContext shard) {
        QueueSetup setup = new QueueSetup(shard, states, inboxes);
        if (isControl(queue.index())) {
            return new ControlWorker(queue, new ControlCommands(states, config.queuePairs()));
        }
        int pair = queue.index() / 2;
        if (queue.index() % 2 == 0) {
            return new ReceiveWorker(queue, setup, receiveMetrics.get(pair), port, pair);
        }
        NetQueueMetrics<TransmitCounter> metrics = transmitMetrics.get(pair);
        return new TransmitWorker(
                queue,
                setup,
                metrics,
                SoftwareOffload.around(port.openTransmit(shard, pair), metrics.offloads()),
                pair == 0 ? announcement : null);
    }

    /** The last queue is nothing else, whatever was negotiated. */
    private boolean isControl(int queue) {
        NetState state = states.get();
        return queue == 2 * config.queuePairs()
                || (state.has(NetSpec.VIRTIO_NET_F_CTRL_VQ)
                        && queue == NetFeature.controlQueue(state.features(), config.queuePairs()));
    }

    @Override
    public byte[] saveState() {
        return NetSavedState.encode(states.get());
    }

    @Override
    public void loadState(byte[] bytes) throws DeviceStateException {
        NetSavedState saved = NetSavedState.decode(bytes, offered, config.queuePairs());
        states.change(saved::over);
    }

    /** Forgets what the driver chose; what the operator did stays. */
    @Override
    public void reset() {
        states.change(
                state ->
                        NetState.initial(
                                state.link()
                                        .withAnnounce(false)
                                        .withMac(config.mac())
                                        .withMtu(configuredMtu())));
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        port.onLinkChange(() -> {});
        receiveMetrics.forEach(NetQueueMetrics::close);
        transmitMetrics.forEach(NetQueueMetrics::close);
        port.close();
    }
}
