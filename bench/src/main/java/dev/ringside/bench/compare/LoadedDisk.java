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
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * One of many disks that a single thread drives: a few reads of 4 KiB that are offered again as
 * soon as they are back. {@code BlkLoad} drives one disk and knows more of it.
 */
final class LoadedDisk implements Sleeper, AutoCloseable {
    private static final int DEPTH = 16;
    private static final int BLOCK_BYTES = 4096;
    private static final int SLOT_BYTES = 2 * BLOCK_BYTES;
    private static final int STATUS = 64;
    private static final int CONNECT_MS = 5_000;
    private static final int MEMORY_BYTES = 1 << 20;
    private static final int HUGE_PAGE_BYTES = 2 << 20;
    private static final long STALL_NS = 5_000_000_000L;

    private final BlkDriver driver;
    private final DriverQueue queue;
    private final int[] heads = new int[DEPTH];
    private long done;
    private long looks;
    private long vain;

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
    static LoadedDisk attach(final Path socket, final boolean hugePages) throws IOException {
        return new LoadedDisk(
                BlkDriver.start(
                        FrontendConnection.connect(socket, CONNECT_MS),
                        hugePages
                                ? FrontendMemory.huge(HUGE_PAGE_BYTES)
                                : FrontendMemory.likePc(MEMORY_BYTES),
                        BlkOptions.defaults()));
    }

    // From the kick to the answer in the ring.
    @Override
    public void wake() throws IOException {
        queue.suppressCalls();
        final long start = System.nanoTime();
        queue.offer(heads[0]);
        queue.publishAndKick();
        while (queue.takeUsed() < 0) {
            if (System.nanoTime() - start > STALL_NS) {
                throw new IOException("a request did not come back");
            }
            Thread.onSpinWait();
        }
    }

    /**
     * What disks got done together.
     *
     * @param perSecond requests
     * @param requests all of them, those before anything counted included
     * @param vainPercent of the front-end's looks into a ring, those that found no answer
     */
    record Together(double perSecond, long requests, double vainPercent) {}

    /** Drives all of them from this thread. */
    static Together together(final List<LoadedDisk> disks, final long durationNs)
            throws IOException {
        final long first = sum(disks, disk -> disk.done);
        disks.forEach(LoadedDisk::offerAll);
        drive(disks, System.nanoTime() + durationNs / 4);
        final long before = sum(disks, disk -> disk.done);
        final long looks = sum(disks, disk -> disk.looks);
        final long vain = sum(disks, disk -> disk.vain);
        final long start = System.nanoTime();
        drive(disks, start + durationNs);
        final long after = sum(disks, disk -> disk.done);
        final double perSecond = (after - before) * 1e9 / (System.nanoTime() - start);
        for (final LoadedDisk disk : disks) {
            disk.takeAll();
        }
        return new Together(
                perSecond,
                after - first,
                100.0
                        * (sum(disks, disk -> disk.vain) - vain)
                        / (sum(disks, disk -> disk.looks) - looks));
    }

    private static long sum(final List<LoadedDisk> disks, final ToLongFunction<LoadedDisk> what) {
        return disks.stream().mapToLong(what).sum();
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
        looks++;
        if (head < 0) {
            vain++;
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
