package dev.ringside.bench.ring;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.InvalidRingException;
import dev.ringside.virtqueue.PackedVirtqueue;
import dev.ringside.virtqueue.VirtioSpec;
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
 * Both sides of a packed ring, per chain of one descriptor of 64 bytes, in bursts of {@value
 * #BURST}. The driver writes each descriptor's id and flags anew, as its ring is overwritten: that
 * is part of what is measured, unlike in {@link RingBenchmark}. One thread, everything in the
 * cache.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
@SuppressWarnings("NullAway.Init") // JMH fills the fields
public class PackedRingBenchmark {
    /** Chains per burst. */
    public static final int BURST = 32;

    private static final int SIZE = 256;
    private static final long REGION_BYTES = 16L << 20;

    /** Number of memory regions. */
    @Param({"1", "8"})
    public int regions;

    /** Ring features: none, EVENT_IDX, or EVENT_IDX and IN_ORDER. */
    @Param({"plain", "eventIdx", "inOrder"})
    public String features;

    private PackedRingMemory ring;
    private PackedVirtqueue queue;
    private DescriptorChain chain;
    private long buffers;
    private int next;
    private boolean wrap;

    /** Builds the ring; the buffers lie in the last region. */
    @Setup
    public void build() throws LinuxException, InvalidRingException {
        GuestMemory memory = RingMemory.regions(regions, REGION_BYTES);
        ring = new PackedRingMemory(memory, 0, SIZE);
        buffers = memory.regions().getLast().guestAddress() + REGION_BYTES / 2;
        next = 0;
        wrap = true;
        queue = ring.queue(bits());
        chain = new DescriptorChain(queue.maxChainEntries());
    }

    private long bits() {
        return switch (features) {
            case "eventIdx" -> VirtioSpec.VIRTIO_RING_F_EVENT_IDX;
            case "inOrder" -> VirtioSpec.VIRTIO_RING_F_EVENT_IDX | VirtioSpec.VIRTIO_F_IN_ORDER;
            default -> 0;
        };
    }

    /** One burst: the sum keeps what was found from being optimised away. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public long addTakeCompletePublish() {
        int available = wrap ? PackedRingMemory.AVAIL : PackedRingMemory.USED;
        for (int i = 0; i < BURST; i++) {
            ring.descriptor(next, buffers + 8192L * next, 64, next);
            ring.releaseFlags(next++, PackedRingMemory.WRITE | available);
        }
        if (next == SIZE) {
            next = 0;
            wrap = !wrap;
        }
        long sum = 0;
        while (queue.next(chain)) {
            sum += chain.writableBytes() + chain.count();
            queue.complete(chain.head(), 1);
        }
        return queue.publish() ? sum : -sum;
    }

    /** Fails the run when the ring stopped: then it measured nothing. */
    @TearDown
    public void check() {
        if (queue.fault() != null) {
            throw new IllegalStateException("the ring stopped: " + queue.fault());
        }
    }
}
