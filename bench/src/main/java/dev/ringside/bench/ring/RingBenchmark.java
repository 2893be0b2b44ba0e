package dev.ringside.bench.ring;

import dev.ringside.shm.DirtyLog;
import dev.ringside.shm.Fd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.InflightRegion;
import dev.ringside.virtqueue.InvalidRingException;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.SplitVirtqueue;
import dev.ringside.virtqueue.VirtioSpec;
import java.lang.foreign.MemorySegment;
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
 * The device's side of a split ring, per chain, in bursts of {@value #BURST}: take, validate,
 * translate, complete, publish once. The driver is one store of the available index per burst: its
 * ring and descriptors stay as they are. One thread, everything in the cache.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
@SuppressWarnings("NullAway.Init") // JMH fills the fields
public class RingBenchmark {
    /** Chains per burst. */
    public static final int BURST = 32;

    private static final int SIZE = 256;
    private static final long REGION_BYTES = 16L << 20;
    private static final long HALF = REGION_BYTES / 2;

    /** How a chain is built. */
    public enum Shape {
        /** One descriptor of 64 bytes. */
        ONE,
        /** As virtio-blk: header, 4 KiB, status, chained in the descriptor table. */
        DIRECT3,
        /** As virtio-blk: header, 4 KiB, status, in an indirect table. */
        INDIRECT3
    }

    /** How a chain is built. */
    @Param public Shape shape;

    /** Number of memory regions. */
    @Param({"1", "8"})
    public int regions;

    /** Ring features: none, EVENT_IDX, or EVENT_IDX and IN_ORDER. */
    @Param({"plain", "eventIdx", "inOrder"})
    public String features;

    /**
     * A front-end's dirty log: none; one whose bits are all set after the first bursts; or one that
     * the front-end empties after each burst, so that each page is marked anew.
     */
    @Param({"off", "marked", "emptied"})
    public String log;

    /** Whether the queue notes in an in-flight region what it has taken. */
    @Param({"false", "true"})
    public boolean inflight;

    private MemorySegment logged;
    private RingMemory ring;
    private SplitVirtqueue queue;
    private DescriptorChain chain;
    private int available;

    /** Builds the ring once; the buffers lie in the last region. */
    @Setup
    public void build() throws LinuxException, InvalidRingException {
        GuestMemory memory = RingMemory.regions(regions, REGION_BYTES);
        ring = new RingMemory(memory, 0, SIZE);
        long data = memory.regions().getLast().guestAddress() + HALF;
        long table = memory.regions().getFirst().guestAddress() + HALF;
        MemorySegment tables = memory.segment(0).asSlice(HALF, 64L * SIZE);
        int heads = shape == Shape.DIRECT3 ? SIZE / 3 : SIZE;
        for (int slot = 0; slot < SIZE; slot++) {
            int chainIndex = slot % heads;
            long buffer = data + 8192L * chainIndex;
            int head = shape == Shape.DIRECT3 ? 3 * chainIndex : chainIndex;
            switch (shape) {
                case ONE -> ring.descriptor(head, buffer, 64, RingMemory.WRITE, 0);
                case DIRECT3 -> request(ring.descriptors(), head, head, buffer);
                case INDIRECT3 -> {
                    request(tables, 4 * chainIndex, 0, buffer);
                    long at = table + 64L * chainIndex;
                    ring.descriptor(head, at, 48, RingMemory.INDIRECT, 0);
                }
            }
            ring.availableEntry(slot, head);
        }
        long bits = bits() | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC;
        queue = ring.queue(bits, inflight ? InflightRegion.create(1, SIZE, false) : null);
        chain = new DescriptorChain(queue.maxChainEntries());
        if (!log.equals("off")) {
            long bytes = (2L * regions + 1) * REGION_BYTES / DirtyLog.PAGE_BYTES / Byte.SIZE;
            Fd file = Memfd.create("bench-log", bytes);
            logged = MemoryRegion.map(file.duplicate(), 0, 0, bytes, 0).segment();
            queue.log(new QueueLog(DirtyLog.map(file, bytes, 0), true, true, REGION_BYTES, null));
        }
    }

    private long bits() {
        return switch (features) {
            case "eventIdx" -> VirtioSpec.VIRTIO_RING_F_EVENT_IDX;
            case "inOrder" -> VirtioSpec.VIRTIO_RING_F_EVENT_IDX | VirtioSpec.VIRTIO_F_IN_ORDER;
            default -> 0;
        };
    }

    /** Header, data, status at {@code place}; their numbers in the table begin at {@code first}. */
    private static void request(MemorySegment table, int place, int first, long buffer) {
        int write = RingMemory.WRITE;
        int next = RingMemory.NEXT;
        RingMemory.descriptor(table, place, buffer, 16, next, first + 1);
        RingMemory.descriptor(table, place + 1, buffer + 4096, 4096, write | next, first + 2);
        RingMemory.descriptor(table, place + 2, buffer + 16, 1, write, 0);
    }

    /** One burst: the sum keeps what was found from being optimised away. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public long takeCompletePublish() {
        available += BURST;
        ring.releaseAvailableIndex(available);
        long sum = 0;
        while (queue.next(chain)) {
            sum += chain.writableBytes() + chain.count();
            queue.complete(chain.head(), 1);
        }
        boolean call = queue.publish();
        if (log.equals("emptied")) {
            logged.fill((byte) 0);
        }
        return call ? sum : -sum;
    }

    /** Fails the run when the ring stopped: then it measured nothing. */
    @TearDown
    public void check() {
        if (queue.fault() != null) {
            throw new IllegalStateException("the ring stopped: " + queue.fault());
        }
    }
}
