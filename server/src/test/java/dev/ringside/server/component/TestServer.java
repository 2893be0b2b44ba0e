package dev.ringside.server.component;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetOptions;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.metrics.prometheus.Health;
import dev.ringside.metrics.prometheus.HttpSettings;
import dev.ringside.metrics.prometheus.PrometheusEndpoint;
import dev.ringside.server.engine.DeviceHandle;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.EngineConfig;
import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SavedEndpoint;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.virtio.blk.BlkConfig;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.backend.BlockBackends;
import dev.ringside.virtio.net.NetConfig;
import dev.ringside.virtio.net.NetDevice;
import dev.ringside.virtio.net.l2.SwitchSettings;
import dev.ringside.virtio.net.l2.Switches;
import dev.ringside.virtio.net.ports.PacketPorts;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An engine with disks and NICs, all in this process; closing it takes everything down again. */
final class TestServer implements AutoCloseable {
    static final int MIB = 1 << 20;
    private static final long LIMIT_S = 20;

    private static final Health HEALTH =
            new Health() {
                @Override
                public List<String> failures() {
                    return List.of();
                }

                @Override
                public @Nullable String notReady() {
                    return null;
                }
            };

    private final Engine engine;
    private final MetricsRegistry metrics = new MetricsRegistry();
    private final Switches switches = new Switches(SwitchSettings.defaults(), metrics);
    private final Path folder = Files.createTempDirectory("ringside-test");
    private final List<VirtioDevice> devices = new ArrayList<>();

    /** A disk that is served. */
    record Disk(String name, Path socket, BlkDevice device, DeviceHandle handle) {
        FrontendConnection connect() throws IOException {
            return FrontendConnection.connect(socket, 5_000);
        }

        BlkDriver start(final FrontendMemory memory, final BlkOptions options) throws IOException {
            return BlkDriver.start(connect(), memory, options);
        }

        BlkDriver start(final BlkOptions options) throws IOException {
            return start(FrontendMemory.likePc(16 * MIB), options);
        }
    }

    /** A NIC that is served. */
    record Nic(String name, Path socket, NetDevice device, DeviceHandle handle) {
        FrontendConnection connect() throws IOException {
            return FrontendConnection.connect(socket, 5_000);
        }

        NetDriver start(final NetOptions options) throws IOException {
            return NetDriver.start(connect(), FrontendMemory.likePc(32 * MIB), options);
        }
    }

    private TestServer(final int shards) throws IOException {
        this.engine = Engine.start(EngineConfig.of(shards, IdleMode.ADAPTIVE), metrics);
    }

    static TestServer start(final int shards) throws IOException {
        return new TestServer(shards);
    }

    /** Serves a backend on a socket of its own, with rings up to the largest. */
    Disk disk(final String uri, final int queues) throws Exception {
        return disk(uri, config -> config.withQueues(queues).withMaxQueueSize(32_768));
    }

    Disk disk(final String uri, final UnaryOperator<BlkConfig> settings) throws Exception {
        final Path socket = folder.resolve("s" + devices.size());
        return attach(uri, settings, new SocketSource.Listen(socket, 0600, null, null), socket);
    }

    Disk attach(
            final String uri,
            final UnaryOperator<BlkConfig> settings,
            final SocketSource source,
            final Path socket)
            throws Exception {
        final String name = "disk" + devices.size();
        final BlkDevice device =
                BlkDevice.create(
                        settings.apply(BlkConfig.named(name)),
                        BlockBackends.open(uri, false),
                        metrics);
        devices.add(device);
        return new Disk(name, socket, device, engine.attach(device, source));
    }

    /** Serves a port on a socket of its own, with one queue pair and rings up to the largest. */
    Nic nic(final String uri) throws Exception {
        return nic(uri, config -> config);
    }

    Nic nic(final String uri, final UnaryOperator<NetConfig> settings) throws Exception {
        final String name = "nic" + devices.size();
        final Path socket = folder.resolve("s" + devices.size());
        final NetDevice device =
                NetDevice.create(
                        settings.apply(NetConfig.named(name).withMaxQueueSize(32_768)),
                        PacketPorts.open(uri, metrics, switches.scheme()),
                        metrics);
        devices.add(device);
        final SocketSource source = new SocketSource.Listen(socket, 0600, null, null);
        return new Nic(name, socket, device, engine.attach(device, source));
    }

    /** The URI of a new file of zeroes. */
    String file(final long bytes) throws IOException {
        return "file:" + newFile(bytes);
    }

    Path newFile(final long bytes) throws IOException {
        final Path path = folder.resolve("image" + System.nanoTime());
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(bytes);
        }
        return path;
    }

    Path folder() {
        return folder;
    }

    /** All counters that are not zero and whose name has this in it, by their labels. */
    Map<String, Long> counters(final String part) {
        final Map<String, Long> found = Shown.counters(metrics);
        found.entrySet()
                .removeIf(series -> series.getValue() == 0 || !nameOf(series).contains(part));
        return found;
    }

    /** Descriptors of a disk's front-ends that are open here, or being closed. */
    long heldDescriptors(final Disk disk) {
        return Shown.gauges(metrics)
                .getOrDefault("ringside_session_descriptors{device=" + disk.name() + "}", -1L);
    }

    private static String nameOf(final Map.Entry<String, Long> series) {
        return series.getKey().substring(0, series.getKey().indexOf('{'));
    }

    /** The page of metrics, by HTTP. */
    String metricsPage() throws Exception {
        final InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (PrometheusEndpoint endpoint =
                PrometheusEndpoint.start(HttpSettings.at(any), metrics, "test", HEALTH, Map.of())) {
            final URI page =
                    URI.create("http://127.0.0.1:" + endpoint.address().getPort() + "/metrics");
            try (InputStream body = page.toURL().openStream()) {
                return new String(body.readAllBytes(), StandardCharsets.UTF_8);
            }
        }
    }

    /** Stops everything for another process to go on, see {@link Engine#freeze}. */
    List<SavedEndpoint> freeze() throws Exception {
        return engine.freeze().get(LIMIT_S, TimeUnit.SECONDS);
    }

    /** Runs something on a shard and waits for it. */
    void onShard(final int shard, final Runnable action) throws InterruptedException {
        engine.onShard(shard, unused -> action.run());
    }

    /** Goes on. */
    void thaw() throws Exception {
        engine.thaw().get(LIMIT_S, TimeUnit.SECONDS);
    }

    boolean healthy() {
        return engine.healthy();
    }

    @Override
    public void close() throws IOException {
        try {
            if (!engine.shutdown(20_000)) {
                throw new AssertionError("the engine did not finish its requests");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        engine.close();
        devices.forEach(VirtioDevice::close);
        switches.close();
        try (Stream<Path> left = Files.walk(folder)) {
            left.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        }
    }
}
