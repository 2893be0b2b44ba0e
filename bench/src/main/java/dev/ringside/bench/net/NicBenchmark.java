package dev.ringside.bench.net;

import dev.ringside.bench.BenchShard;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtio.net.NetConfig;
import dev.ringside.virtio.net.NetDevice;
import dev.ringside.virtio.net.ports.PacketPorts;
import dev.ringside.virtqueue.InvalidRingException;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.QueueWorker;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The device's side of a NIC, per frame of 64 bytes: rings, workers and port, as a shard turns
 * them. One thread, everything in the cache; the driver is one store or copy per burst.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
@SuppressWarnings("NullAway.Init") // JMH fills the fields
public class NicBenchmark {
    /** Frames per call, in one burst or several. */
    public static final int FRAMES = RepeatingDriver.SIZE;

    private static final int FRAME_BYTES = 64;
    private static final int HEADER_BYTES = 12;

    /** {@code VIRTIO_NET_F_MRG_RXBUF}. */
    private static final long MERGEABLE = 1L << 15;

    /** Which way frames go. */
    public enum Way {
        /** From the driver to a device that drops them. */
        SINK,
        /** From the device to the driver. */
        SOURCE,
        /** From the driver, and back to it. */
        LOOP
    }

    /** Which way frames go. */
    @Param public Way way;

    /** Kind of both rings, and whether the driver is told in order what was used. */
    @Param({"split", "splitInOrder", "packed", "packedInOrder"})
    public String ring;

    /** Frames per burst. */
    @Param({"32", "256"})
    public int burst;

    private RepeatingDriver receiving;
    private RepeatingDriver transmitting;
    private QueueWorker receiver;
    private QueueWorker transmitter;
    private NetDevice device;

    /** Builds a NIC with its first pair of queues. */
    @Setup
    public void build() throws IOException, InvalidRingException {
        long start = 1 << 20;
        long bytes = 1 << 20;
        GuestMemory memory =
                GuestMemory.of(
                        List.of(
                                MemoryRegion.map(
                                        Memfd.create("bench", bytes), start, start, bytes, 0)));
        long features = VirtioSpec.VIRTIO_F_VERSION_1 | MERGEABLE;
        if (ring.startsWith("packed")) {
            features |= VirtioSpec.VIRTIO_F_RING_PACKED;
        }
        if (ring.endsWith("InOrder")) {
            features |= VirtioSpec.VIRTIO_F_IN_ORDER;
        }
        String port =
                switch (way) {
                    case SINK -> "null";
                    case SOURCE -> "generator:size=" + FRAME_BYTES;
                    case LOOP -> "loopback";
                };
        BenchShard shard = new BenchShard();
        device =
                NetDevice.create(
                        NetConfig.named("nic"),
                        PacketPorts.open(port, shard.metrics()),
                        shard.metrics());
        device.setFeatures(features);
        receiving = RepeatingDriver.of(features, memory, 0, 128, true);
        transmitting =
                RepeatingDriver.of(
                        features, memory, RepeatingDriver.BYTES, HEADER_BYTES + FRAME_BYTES, false);
        receiver = device.startQueue(receiving.queue(0, features), shard);
        transmitter = device.startQueue(transmitting.queue(1, features), shard);
        receiver.setEnabled(true);
        transmitter.setEnabled(true);
    }

    /** Many frames, burst by burst. */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public int frames() {
        int used = 0;
        for (int left = FRAMES; left > 0; left -= burst) {
            if (way != Way.SINK) {
                receiving.offer(burst);
            }
            if (way != Way.SOURCE) {
                transmitting.offer(burst);
                transmitter.poll(burst);
            }
            receiver.poll(burst);
            used += BenchShard.publish(transmitter) + BenchShard.publish(receiver);
        }
        return used;
    }

    /** Fails the run when not every frame passed: then it measured nothing. */
    @TearDown
    public void check() {
        if (frames() != (way == Way.LOOP ? 2 * FRAMES : FRAMES)) {
            throw new IllegalStateException("frames were lost");
        }
        device.close();
    }
}
