package dev.ringside.virtio.net.port.packet;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.IoVectors;
import dev.ringside.shm.NativeBuffer;
import dev.ringside.shm.NetInterface;
import dev.ringside.shm.PacketOptions;
import dev.ringside.shm.PacketSocket;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.HostNet;
import dev.ringside.virtio.net.port.host.Packets;
import dev.ringside.virtio.net.port.host.TestSink;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;

/** A veth pair: a guest by a packet port on one end, "one", and a host's stack on the other. */
final class PacketRig implements AutoCloseable {
    final HostNet net = new HostNet();
    final TestShard shard = new TestShard();
    final TestSink sink;
    final PacketSocketPort port;
    final FrameSink out;
    final FrameSource in;
    private final NativeBuffer memory = NativeBuffer.allocate(1 << 17, 16);
    private final IoVectors pieces = IoVectors.allocate(2);
    private final Random random = new Random(1);

    PacketRig(int accepts, Map<String, String> options) throws Exception {
        plug();
        sink = new TestSink(accepts);
        PortUri uri = new PortUri("packet", "one", options);
        MetricsRegistry registry = new MetricsRegistry();
        port = net.run(() -> PacketSocketPort.open(uri, registry, net.executor()));
        out = port.openTransmit(shard, 0);
        in = port.openReceive(shard, 0, sink);
        settle();
    }

    /** Makes the interfaces; the host's address is 10.9.0.1. */
    void plug() throws Exception {
        net.command("ip link add one type veth peer name two");
        net.command("ip link set one up");
        net.command("ip link set two up");
        net.command("ip addr add 10.9.0.1/24 dev two");
        net.command("ip neigh add 10.9.0.2 lladdr 02:09:09:09:09:09 dev two nud permanent");
    }

    /** Until the control thread has done what it was asked for, and the source knows. */
    void settle() throws Exception {
        net.run(() -> "");
        in.poll(64);
    }

    /** A guest's frame in pieces of memory, with nothing left undone. */
    Frame frame(byte[] bytes) {
        return Packets.scattered(memory.segment(), bytes, random);
    }

    /** The guest sends a frame; it is taken. */
    void send(byte[] bytes) {
        assertEquals(Verdict.DONE, out.put(frame(bytes)));
        out.flush();
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

    /** A socket on the other end. */
    PacketSocket peer() throws Exception {
        return net.run(() -> PacketSocket.open("two", PacketOptions.DEFAULT));
    }

    /** Sends a frame from the other end. */
    void sendFrom(PacketSocket peer, byte[] header, byte[] bytes) {
        MemorySegment.copy(header, 0, memory.segment(), JAVA_BYTE, 0, header.length);
        MemorySegment.copy(bytes, 0, memory.segment(), JAVA_BYTE, header.length, bytes.length);
        pieces.clear();
        pieces.add(memory.address(), header.length + bytes.length);
        assertEquals(header.length + bytes.length, peer.writev(pieces));
    }

    byte[] hostMac() throws Exception {
        try (NetInterface two = net.run(() -> NetInterface.open("two"))) {
            return two.mac();
        }
    }

    long count(HostCounter counter) {
        return port.counters(0).get(counter);
    }

    @Override
    public void close() {
        in.close();
        out.close();
        shard.until(() -> shard.handlers() == 0, () -> {});
        port.close();
        port.close();
        shard.close();
        pieces.close();
        memory.close();
        net.close();
    }
}
