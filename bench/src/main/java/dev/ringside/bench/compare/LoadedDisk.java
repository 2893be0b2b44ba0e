package dev.ringside.bench.compare;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * One of many disks that a single thread drives: a few reads of 4 KiB that are offered again as
 * soon as they are back. {@code BlkLoad} drives one disk and knows more of it.
 */
final class LoadedDisk implements AutoCloseable {
    private static final int DEPTH = 16;
    private static final int BLOCK_BYTES = 4096;
    private static final int SLOT_BYTES = 2 * BLOCK_BYTES;
    private static final int STATUS = 64;
    private static final int CONNECT_MS = 5_000;
    private static final int WAKES = 200;
    private static final long ASLEEP_NS = 10_000_000;
    private static final long STALL_NS = 5_000_000_000L;

    private final BlkDriver driver;
    private final DriverQueue queue;
    private final int[] heads = new int[DEPTH];
    private long done;

    private LoadedDisk(final BlkDriver driver) {
        this.driver = driver;
        this.queue = driver.queue(0);
        final DriverChain chain = new DriverChain();
        for (int i = 0; i < DEPTH; i++) {
            final long slot = driver.memory().allocate(SLOT_BYTES, SLOT_BYTES);
            driver.memory().slice(slot, 4).set(ValueLayout.JAVA_INT, 0, BlkSpec.T_IN);
            chain.clear()
                    .readable(slot, BlkSpec.HEADER_BYTES)
                    .writable(slot + BLOCK_BYTES, BLOCK_BYTES)
                    .writable(slot + STATUS, 1);
            heads[i] = queue.reserve(chain, chain.count());
        }
    }

    /** Starts a disk with a queue of 128. */
    static LoadedDisk attach(final Path socket) throws IOException {
        return new LoadedDisk(
                BlkDriver.start(
                        FrontendConnection.connect(socket, CONNECT_MS),
                        FrontendMemory.likePc(1 << 20),
                        BlkOptions.defaults()));
    }

    /** From the kick of a device that sleeps to the answer in the ring. */
    record Wake(double p50Ns, double p99Ns) {}

    Wake wakeUp() throws IOException {
        final double[] times = new double[WAKES];
        queue.suppressCalls();
        for (int i = 0; i < WAKES; i++) {
            LockSupport.parkNanos(ASLEEP_NS);
            final long start = System.nanoTime();
            queue.offer(heads[0]);
            queue.publishAndKick();
            while (queue.takeUsed() < 0) {
                if (System.nanoTime() - start > STALL_NS) {
                    throw new IOException("a request did not come back");
                }
                Thread.onSpinWait();
            }
            times[i] = System.nanoTime() - start;
        }
        Arrays.sort(times);
        return new Wake(times[WAKES / 2], times[WAKES * 99 / 100]);
    }

    /** Drives all of them from this thread; returns requests a second. */
    static double together(final List<LoadedDisk> disks, final long durationNs) throws IOException {
        disks.forEach(LoadedDisk::offerAll);
        final long warm = durationNs / 4;
        long start = System.nanoTime();
        drive(disks, start + warm);
        final long before = disks.stream().mapToLong(disk -> disk.done).sum();
        start = System.nanoTime();
        drive(disks, start + durationNs);
        final long after = disks.stream().mapToLong(disk -> disk.done).sum();
        final double rate = (after - before) * 1e9 / (System.nanoTime() - start);
        for (final LoadedDisk disk : disks) {
            disk.takeAll();
        }
        return rate;
    }

    private static void drive(final List<LoadedDisk> disks, final long deadline) {
        while (System.nanoTime() < deadline) {
            for (final LoadedDisk disk : disks) {
                disk.turn();
            }
        }
    }

    private void offerAll() {
        queue.suppressCalls();
        for (final int head : heads) {
            queue.offer(head);
        }
        queue.publishAndKick();
    }

    private void turn() {
        int head = queue.takeUsed();
        if (head < 0) {
            return;
        }
        for (; head >= 0; head = queue.takeUsed()) {
            queue.offer(head);
            done++;
        }
        queue.publishAndKick();
    }

    private void takeAll() throws IOException {
        final long start = System.nanoTime();
        while (queue.inFlight() > 0) {
            if (queue.takeUsed() < 0 && System.nanoTime() - start > STALL_NS) {
                throw new IOException(queue.inFlight() + " requests did not come back");
            }
        }
    }

    @Override
    public void close() {
        driver.close();
    }
}
