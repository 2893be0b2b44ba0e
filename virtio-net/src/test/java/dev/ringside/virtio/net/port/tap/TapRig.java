package dev.ringside.virtio.net.port.tap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.NativeBuffer;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.HostNet;
import dev.ringside.virtio.net.port.host.Packets;
import dev.ringside.virtio.net.port.host.TestSink;
import java.nio.channels.DatagramChannel;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;

/**
 * A host's namespace with a tap port in it, and a guest that a test plays on a shard of its own.
 */
final class TapRig implements AutoCloseable {
    final HostNet net;
    final TestShard shard = new TestShard();
    final MetricsRegistry registry = new MetricsRegistry();
    final TestSink sink;
    final TapPort port;
    final FrameSink out;
    final FrameSource in;
    private final NativeBuffer memory = NativeBuffer.allocate(1 << 17, 16);
    private final Random random = new Random(1);

    /** A tap with address 10.9.0.1 and a guest that accepts these offloads. */
    TapRig(int accepts, Map<String, String> options) throws Exception {
        this(new HostNet(), accepts, options);
        net.command("ip addr add 10.9.0.1/24 dev tap0");
        net.command("ip neigh add 10.9.0.2 lladdr 02:09:09:09:09:09 dev tap0 nud permanent");
    }

    TapRig(HostNet net, int accepts, Map<String, String> options) throws Exception {
        this(net, accepts, options, Runnable::run);
    }

    TapRig(HostNet net, int accepts, Map<String, String> options, Executor control)
            throws Exception {
        this.net = net;
        sink = new TestSink(accepts);
        PortUri uri = new PortUri("tap", "tap0", options);
        port = net.run(() -> TapPort.open(uri, registry, control));
        out = port.openTransmit(shard, 0);
        in = port.openReceive(shard, 0, sink);
    }

    static TapPort open(
            HostNet net, String name, Map<String, String> options, MetricsRegistry registry)
            throws Exception {
        PortUri uri = new PortUri("tap", name, options);
        return net.run(() -> TapPort.open(uri, registry, Runnable::run));
    }

    /** The guest sends a frame; it is taken. */
    void send(byte[] bytes) {
        assertEquals(Verdict.DONE, put(frame(bytes)));
    }

    /** A frame in pieces of memory, with nothing left undone. */
    Frame frame(byte[] bytes) {
        return Packets.scattered(memory.segment(), bytes, random);
    }

    Verdict put(Frame frame) {
        Verdict verdict = out.put(frame);
        out.flush();
        return verdict;
    }

    /** The guest works until something holds. */
    void until(BooleanSupplier done) {
        shard.until(done, () -> in.poll(64));
    }

    /** The next frame that the guest gets. */
    TestSink.Got receive() {
        until(() -> !sink.got.isEmpty());
        return sink.got.removeFirst();
    }

    long count(HostCounter counter) {
        return counters(0).get(counter);
    }

    Counters<HostCounter> counters(int pair) {
        return port.counters(pair);
    }

    byte[] hostMac() throws Exception {
        return net.run(
                () -> {
                    try (var host = dev.ringside.shm.NetInterface.open("tap0")) {
                        return host.mac();
                    }
                });
    }

    DatagramChannel udp() throws Exception {
        return net.udp("10.9.0.1", 7000);
    }

    /** Everything that a guest may leave undone. */
    static TapRig plain() throws Exception {
        return new TapRig(Offload.ALL, Map.of());
    }

    @Override
    public void close() {
        in.close();
        out.close();
        shard.until(() -> shard.handlers() == 0, () -> {});
        port.close();
        port.close();
        shard.close();
        memory.close();
        net.close();
    }
}
