package dev.ringside.virtio.net;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.QueueWorker;
import java.util.HashMap;
import java.util.Map;

/** A device with a fake port, and one driver for each queue that a test starts. */
final class TestNic implements AutoCloseable {
    static final long MAC = 0x525400123456L;
    static final int RING = 64;

    final FakePort port = new FakePort();
    final TestShard shard = new TestShard();
    final MetricsRegistry registry = new MetricsRegistry();
    final NetDevice device;
    private final long features;
    private final Map<Integer, TestDriver> drivers = new HashMap<>();

    /** A NIC with one pair; VERSION_1 and these are negotiated. */
    TestNic(long features) throws Exception {
        this(NetConfig.named("nic").withMac(MAC), features | VirtioSpec.VIRTIO_F_VERSION_1);
    }

    /** A NIC; these features and no other are negotiated. */
    TestNic(NetConfig config, long features) throws Exception {
        device = NetDevice.create(config, port, registry);
        this.features = features;
        device.setFeatures(features);
    }

    /** Starts a queue, enabled. */
    QueueWorker start(int index) throws Exception {
        QueueWorker worker = device.startQueue(driver(index).queue(), shard);
        worker.setEnabled(true);
        return worker;
    }

    /** The driver of a queue. */
    TestDriver driver(int index) throws Exception {
        TestDriver driver = drivers.get(index);
        if (driver == null) {
            driver = new TestDriver(index, RING, features);
            drivers.put(index, driver);
        }
        return driver;
    }

    /** The sum of a metric's series that have these labels' values, as {@code key=value}. */
    long count(String name, String... labels) {
        long[] sum = new long[1];
        registry.visit(
                new MetricsRegistry.Visitor() {
                    @Override
                    public void counter(MetricName metric, Map<String, String> all, long value) {
                        if (metric.metricName().equals(name) && matches(all, labels)) {
                            sum[0] += value;
                        }
                    }

                    @Override
                    public void histogram(
                            MetricName metric,
                            Map<String, String> all,
                            LatencyHistogram.Snapshot snapshot) {}

                    @Override
                    public void gauge(
                            String gauge, String help, Map<String, String> all, long value) {
                        if (gauge.equals(name) && matches(all, labels)) {
                            sum[0] += value;
                        }
                    }
                });
        return sum[0];
    }

    private static boolean matches(Map<String, String> all, String... labels) {
        for (String label : labels) {
            int equals = label.indexOf('=');
            if (!label.substring(equals + 1).equals(all.get(label.substring(0, equals)))) {
                return false;
            }
        }
        return true;
    }

    /** Frames dropped for a reason, on any queue. */
    long drops(String reason) {
        return count("ringside_net_drops_total", "reason=" + reason);
    }

    @Override
    public void close() {
        device.close();
        drivers.values().forEach(TestDriver::close);
        shard.close();
    }
}
