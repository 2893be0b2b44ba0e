package dev.ringside.virtio.net.l2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.port.PacketPort;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A switch, shards that a test turns by hand, and what is plugged in, for tests. */
final class SwitchNet implements AutoCloseable {
    private final MetricsRegistry metrics = new MetricsRegistry();
    private final List<TestShard> shards = new ArrayList<>();
    private final Map<Plug, PacketPort> plugs = new LinkedHashMap<>();
    final VirtualSwitch bridge;
    private long nowNs = 1_000_000;

    SwitchNet(int shardCount) throws LinuxException {
        this(shardCount, SwitchSettings.defaults());
    }

    SwitchNet(int shardCount, SwitchSettings settings) throws LinuxException {
        bridge = new VirtualSwitch("test", settings, metrics, nowNs);
        for (int i = 0; i < shardCount; i++) {
            TestShard shard = new TestShard(i);
            shard.setNowNs(nowNs);
            shards.add(shard);
        }
    }

    TestShard shard(int i) {
        return shards.get(i);
    }

    /** A NIC with one queue pair. */
    Plug plug(SwitchPortConfig config, int shard) {
        return plug(bridge.newPort(config), shard, 0);
    }

    /** One more queue pair of a port. */
    Plug plug(PacketPort port, int shard, int pair) {
        return plug(port, shard, pair, new FakeSink());
    }

    /** The same with a receiver of the test's. */
    Plug plug(PacketPort port, int shard, int pair, FakeSink receiver) {
        Plug plug = new Plug(port, shards.get(shard), pair, receiver);
        plugs.put(plug, port);
        return plug;
    }

    /** The port that a plug is in leaves. */
    void unplug(Plug plug) {
        PacketPort port = plugs.remove(plug);
        plug.close();
        if (port != null) {
            port.close();
        }
    }

    /** Every shard gets turns until none has anything to do. */
    void settle() {
        int work;
        do {
            work = 0;
            for (TestShard shard : shards) {
                work += shard.turn(0);
            }
        } while (work > 0);
    }

    void pass(long ns) {
        nowNs += ns;
        shards.forEach(shard -> shard.setNowNs(nowNs));
    }

    /** A counter of one port. */
    long count(String port, SwitchCounter counter) {
        long[] sum = new long[1];
        metrics.visit(
                new MetricsRegistry.Visitor() {
                    @Override
                    public void counter(MetricName name, Map<String, String> labels, long value) {
                        Map<String, String> wanted = new LinkedHashMap<>(counter.labels());
                        wanted.put("switch", "test");
                        wanted.put("port", port);
                        if (name.metricName().equals(counter.metricName())
                                && labels.equals(wanted)) {
                            sum[0] += value;
                        }
                    }

                    @Override
                    public void histogram(
                            MetricName name,
                            Map<String, String> labels,
                            LatencyHistogram.Snapshot snapshot) {}

                    @Override
                    public void gauge(
                            String name, String help, Map<String, String> labels, long value) {}
                });
        return sum[0];
    }

    /** Unplugs everything: then nobody may hold anything. */
    @Override
    public void close() {
        for (Plug plug : List.copyOf(plugs.keySet())) {
            plug.close();
        }
        settle();
        plugs.forEach(
                (plug, port) -> {
                    port.close(); // again, for a port of several
                    assertEquals(0, plug.held.get(), "frames that are held for ever");
                });
        assertEquals(0, bridge.ports());
        assertEquals(List.of(), bridge.addresses());
        bridge.close();
        shards.forEach(TestShard::close);
    }
}
