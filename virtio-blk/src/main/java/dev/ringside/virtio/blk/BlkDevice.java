package dev.ringside.virtio.blk;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LifeTime;
import dev.ringside.virtio.blk.backend.BackendException;
import dev.ringside.virtio.blk.backend.BlockBackend;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.LimitGroup;
import dev.ringside.virtio.blk.limit.LimitMetrics;
import dev.ringside.virtio.blk.limit.QueueMeter;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.DeviceState;
import dev.ringside.virtqueue.device.DeviceStateException;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A virtio block device (virtio 1.3, section 5.2). Control methods may be called by any thread and
 * exclude each other; workers see their effect at their next poll.
 */
public final class BlkDevice implements VirtioDevice {
    /** Field of a saved state: 1 with a volatile write cache, 0 without. */
    private static final int STATE_WRITEBACK = 1;

    /** Field of a saved state: no driver has begun, so that mode is only the first one. */
    private static final int STATE_UNDECIDED = DeviceState.IGNORABLE | 2;

    // Choices, as they are noted.
    private static final int UNDECIDED = 0;
    private static final int WRITE_BACK = 1;
    private static final int WRITE_THROUGH = 2;

    private final BlkConfig config;
    private final BlockBackend backend;
    private final long offered;
    private final MemorySegment serial;
    private final MetricsRegistry registry;

    /** Those of the first queue, and of others once they were started: most never are. */
    private final @Nullable BlkQueueMetrics[] metrics;

    private final LimitGroup limits = new LimitGroup(BlkLimits.NONE);
    private final QueueMeter[] meters;
    private final BlkTrouble trouble = new BlkTrouble();
    private long negotiated;
    private boolean writeback = true;

    /** Whether that is what a driver relies on; else none has begun here. */
    private boolean decided;

    private final List<MetricsRegistry.Registration> gauges = new ArrayList<>();
    private final LimitMetrics limitMetrics;
    private Runnable configListener = () -> {};
    private boolean closed;
    private volatile BlkState state;

    private BlkDevice(
            BlkConfig config,
            BlockBackend backend,
            MetricsRegistry registry,
            List<LimitGroup> groups) {
        this.config = config;
        this.backend = backend;
        offered = BlkFeature.offered(config, backend.traits(), backend.lifetime() != null);
        serial =
                MemorySegment.ofArray(
                        Arrays.copyOf(
                                config.serial().getBytes(StandardCharsets.US_ASCII),
                                BlkSpec.VIRTIO_BLK_ID_BYTES));
        this.registry = registry;
        metrics = new BlkQueueMetrics[config.queues()];
        metrics[0] = new BlkQueueMetrics(registry, config.name(), 0);
        List<LimitGroup> all = new ArrayList<>(groups);
        all.add(limits);
        meters = new QueueMeter[config.queues()];
        for (int i = 0; i < metrics.length; i++) {
            meters[i] = new QueueMeter(all);
        }
        state = newState();
        addGauges(registry, Map.of("device", config.name()));
        limitMetrics = LimitMetrics.ofDisk(registry, config.name(), limits);
    }

    private void addGauges(MetricsRegistry registry, Map<String, String> device) {
        gauges.add(
                registry.gauge(
                        "ringside_blk_write_cache",
                        "1 while writes may wait for a flush, 0 while each is made durable.",
                        device,
                        () -> state.durableWrites() ? 0 : 1));
        gauges.add(
                registry.gauge(
                        "ringside_blk_held_requests",
                        "Requests that the backend failed and that wait for it to work again.",
                        device,
                        trouble::held));
        gauges.add(
                registry.gauge(
                        "ringside_blk_held_since_timestamp_seconds",
                        "Since when requests wait for the backend, in Unix time; 0: none does.",
                        device,
                        () -> trouble.sinceMs() / 1000));
    }

    /** A disk. The backend belongs to it from now on, and is closed with it. */
    public static BlkDevice create(
            BlkConfig config, BlockBackend backend, MetricsRegistry metrics) {
        return create(config, backend, metrics, List.of());
    }

    /**
     * The same, whose queues also keep the limits of groups that it shares with others.
     *
     * @param groups they outlive it
     */
    public static BlkDevice create(
            BlkConfig config,
            BlockBackend backend,
            MetricsRegistry metrics,
            List<LimitGroup> groups) {
        return new BlkDevice(config, backend, metrics, groups);
    }

    /** The limits of this disk alone. They may be changed at any time. */
    public LimitGroup limits() {
        return limits;
    }

    @Override
    public void onNews(Runnable listener) {
        trouble.listen(listener);
    }

    @Override
    public @Nullable String news() {
        return trouble.news();
    }

    /** One line for the operator: what the disk's data lives on, and how. */
    public String describe() {
        return backend.describe();
    }

    /** Its size in bytes as the driver is told of it. */
    public long capacityBytes() {
        return state.capacityBytes();
    }

    @Override
    public Map<String, String> attributes() {
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put("capacity", Long.toString(backend.capacityBytes()));
        attributes.put("storage", backend.describe());
        BlkLimits own = limits.limits();
        if (!own.isNone()) {
            attributes.put("limits", own.text());
        }
        if (config.onError() != ErrorPolicy.REPORT) {
            attributes.put("on-error", config.onError().word());
        }
        String waiting = trouble.text();
        if (!waiting.isEmpty()) {
            attributes.put("trouble", waiting);
        }
        return attributes;
    }

    /** The storage as another process could go on with it; null: there is nothing to keep. */
    public @Nullable Fd storage() {
        return backend.storage();
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public int deviceId() {
        return BlkSpec.DEVICE_ID;
    }

    @Override
    public int queueCount() {
        return config.queues();
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
    public synchronized void setFeatures(long features) {
        negotiated = features & offered;
        state = newState();
    }

    @Override
    public int configSize() {
        return BlkSpec.CONFIG_BYTES;
    }

    @Override
    public synchronized void readConfig(int offset, byte[] into) {
        Arrays.fill(into, (byte) 0);
        if (offset < 0 || offset >= BlkSpec.CONFIG_BYTES) {
            return;
        }
        byte[] space =
                BlkConfigSpace.encode(
                        config, backend.traits(), offered, state.capacityBytes(), writeback);
        System.arraycopy(space, offset, into, 0, Math.min(into.length, space.length - offset));
    }

    /** Only the write cache's byte can be written (section 5.2.5): 1 is writeback, 0 through. */
    @Override
    public synchronized boolean writeConfig(int offset, byte[] data) {
        boolean possible =
                (offered & BlkSpec.VIRTIO_BLK_F_CONFIG_WCE) != 0
                        && offset == BlkSpec.CONFIG_WCE
                        && data.length == 1
                        && (data[0] == 0 || data[0] == 1);
        if (possible) {
            decided(data[0] == 1);
        }
        return possible;
    }

    private void decided(boolean mode) {
        writeback = mode;
        decided = true;
        state = newState();
    }

    /** The write cache's mode: front-ends remember it, and do not tell it again. */
    @Override
    public synchronized int choices() {
        return !decided ? UNDECIDED : writeback ? WRITE_BACK : WRITE_THROUGH;
    }

    @Override
    public synchronized void recall(int noted) {
        if (noted == WRITE_BACK || noted == WRITE_THROUGH) {
            decided(noted == WRITE_BACK);
        } else if (noted == UNDECIDED) {
            decided = false;
        }
    }

    /**
     * A driver that goes on may have switched the write cache off: it sends no flushes then, and a
     * write that waits for one may be lost.
     */
    @Override
    public synchronized String decide(boolean fresh) {
        if (decided) {
            return "";
        }
        decided(fresh && writeback);
        boolean chosen = (negotiated & BlkSpec.VIRTIO_BLK_F_CONFIG_WCE) != 0;
        return fresh || !chosen
                ? ""
                : "the write cache mode that the driver chose before is not known:"
                        + " each write is made durable until it chooses again";
    }

    @Override
    public synchronized void onConfigChange(Runnable listener) {
        configListener = listener;
    }

    /**
     * Looks at the backend's size and wear again, and tells the driver when the size changed.
     *
     * @return true when it did
     * @throws BackendException when the backend cannot be looked at; nothing changed then
     */
    public boolean refresh() throws BackendException {
        boolean changed = backend.refresh();
        Runnable listener;
        synchronized (this) {
            state = newState();
            listener = configListener;
        }
        if (changed) {
            listener.run();
        }
        return changed;
    }

    /**
     * Gives the backend another size, and tells the driver. Whoever makes it smaller has nothing in
     * flight. May block.
     *
     * @param capacityBytes a multiple of the logical block size
     * @throws BackendException when that cannot be; nothing changed then
     */
    public void resize(long capacityBytes) throws BackendException {
        backend.resize(capacityBytes);
        boolean unused = refresh();
    }

    @Override
    public QueueWorker startQueue(Virtqueue queue, ShardContext shard) {
        int index = queue.index();
        return new BlkQueueWorker(
                queue,
                shard,
                new BlkQueueParts(
                        backend,
                        () -> state,
                        metrics(index),
                        meters[index],
                        config.onError(),
                        trouble));
    }

    private synchronized BlkQueueMetrics metrics(int queue) {
        BlkQueueMetrics found = metrics[queue];
        if (found == null) {
            found = new BlkQueueMetrics(registry, config.name(), queue);
            metrics[queue] = found;
        }
        return found;
    }

    @Override
    public synchronized byte[] saveState() {
        DeviceState saved =
                new DeviceState(BlkSpec.DEVICE_ID, negotiated)
                        .put(STATE_WRITEBACK, new byte[] {(byte) (writeback ? 1 : 0)});
        return (decided ? saved : saved.put(STATE_UNDECIDED, new byte[0])).encode();
    }

    @Override
    public synchronized void loadState(byte[] bytes) throws DeviceStateException {
        DeviceState saved = DeviceState.decode(bytes, BlkSpec.DEVICE_ID, offered);
        saved.checkFields(STATE_WRITEBACK);
        byte mode = saved.get(STATE_WRITEBACK, 1).get();
        if (mode != 0 && mode != 1) {
            throw new DeviceStateException("its write cache mode is " + mode + ": 0 or 1");
        }
        negotiated = saved.features();
        decided(mode == 1);
        decided = !saved.has(STATE_UNDECIDED);
    }

    /**
     * Keeps the write cache's mode: front-ends remember it over a reconnect and the driver goes on
     * without flushes where it was told that there is no volatile cache.
     */
    @Override
    public synchronized void reset() {
        negotiated = 0;
        state = newState();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        gauges.forEach(MetricsRegistry.Registration::close);
        limitMetrics.close();
        for (BlkQueueMetrics queue : metrics) {
            if (queue != null) {
                queue.close();
            }
        }
        backend.close();
    }

    private BlkState newState() {
        return new BlkState(
                offered,
                backend.capacityBytes(),
                BlkFeature.durableWrites(negotiated, writeback),
                serial,
                encode(backend.lifetime()));
    }

    /** struct virtio_blk_lifetime. */
    private static @Nullable MemorySegment encode(@Nullable LifeTime lifetime) {
        if (lifetime == null) {
            return null;
        }
        byte[] bytes = new byte[BlkSpec.LIFETIME_BYTES];
        int[] words = {lifetime.preEol(), lifetime.typeA(), lifetime.typeB()};
        for (int i = 0; i < words.length; i++) {
            bytes[2 * i] = (byte) words[i];
            bytes[2 * i + 1] = (byte) (words[i] >>> Byte.SIZE);
        }
        return MemorySegment.ofArray(bytes);
    }
}
