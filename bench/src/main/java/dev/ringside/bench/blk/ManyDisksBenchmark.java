package dev.ringside.bench.blk;

import dev.ringside.bench.BenchShard;
import dev.ringside.virtio.blk.BlkConfig;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.backend.NullBackend;
import dev.ringside.virtqueue.InvalidRingException;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.QueueWorker;
import java.io.IOException;
import java.util.ArrayList;
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
 * The device's side of many disks on one thread, per read of 4 KiB that touches no data: rings and
 * workers, one disk after the other as a shard turns them. What their number costs in the caches;
 * the driver is one store per burst.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
@SuppressWarnings("NullAway.Init") // JMH fills the fields
public class ManyDisksBenchmark {
    /** Requests per call. */
    public static final int REQUESTS = RepeatingDisk.DEPTH;

    private static final long FEATURES =
            VirtioSpec.VIRTIO_F_VERSION_1 | VirtioSpec.VIRTIO_RING_F_EVENT_IDX;

    /** Disks. */
    @Param({"1", "10", "25", "50", "100"})
    public int disks;

    /** Requests per turn of a disk. */
    @Param({"8", "16"})
    public int burst;

    /** Where headers and statuses are. */
    @Param public RepeatingDisk.Place place;

    private final List<BlkDevice> devices = new ArrayList<>();
    private RepeatingDisk[] drivers;
    private QueueWorker[] workers;
    private int next;

    /** Builds the disks. */
    @Setup
    public void build() throws IOException, InvalidRingException {
        final BenchShard shard = new BenchShard();
        drivers = new RepeatingDisk[disks];
        workers = new QueueWorker[disks];
        for (int i = 0; i < disks; i++) {
            drivers[i] = new RepeatingDisk(place);
            final BlkDevice device =
                    BlkDevice.create(
                            BlkConfig.named("disk" + i),
                            new NullBackend(1 << 30, false, false),
                            shard.metrics());
            device.setFeatures(FEATURES);
            workers[i] = device.startQueue(drivers[i].queue(FEATURES), shard);
            workers[i].setEnabled(true);
            devices.add(device);
        }
    }

    /** Some requests of one disk, and some of the next. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public int requests() {
        int used = 0;
        for (int left = REQUESTS; left > 0; left -= burst) {
            drivers[next].offer(burst);
            workers[next].poll(burst);
            used += BenchShard.publish(workers[next]);
            next = next + 1 == disks ? 0 : next + 1;
        }
        return used;
    }

    /** Fails the run when not every request was answered: then it measured nothing. */
    @TearDown
    public void check() {
        if (requests() != REQUESTS) {
            throw new IllegalStateException("requests were lost");
        }
        devices.forEach(BlkDevice::close);
    }
}
