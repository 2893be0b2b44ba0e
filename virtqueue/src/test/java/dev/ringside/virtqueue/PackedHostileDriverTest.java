package dev.ringside.virtqueue;

import static dev.ringside.virtqueue.HostileDriverTest.ADDRESSES;
import static dev.ringside.virtqueue.HostileDriverTest.LENGTHS;
import static dev.ringside.virtqueue.HostileDriverTest.SIZE;
import static dev.ringside.virtqueue.HostileDriverTest.TABLE;
import static dev.ringside.virtqueue.HostileDriverTest.TABLE_ENTRIES;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A driver that changes every field of its packed ring while the device reads it: the device throws
 * nothing, ends every walk, and hands out only entries that lie in guest memory.
 */
final class PackedHostileDriverTest {
    private static final int ITERATIONS = 200_000;
    private static final int CHAINS = 2_000;
    private static final int MOST_HELD = 5;

    /** What this driver causes sooner or later. */
    private static final Set<RingFault> REACHABLE =
            EnumSet.of(
                    RingFault.HEAD_INDEX,
                    RingFault.HEAD_IN_FLIGHT,
                    RingFault.DESCRIPTOR_NOT_AVAILABLE,
                    RingFault.BUFFER_UNMAPPED,
                    RingFault.READABLE_AFTER_WRITABLE,
                    RingFault.INDIRECT_CHAINED,
                    RingFault.INDIRECT_LENGTH,
                    RingFault.INDIRECT_UNMAPPED);

    private static final long FEATURES =
            RingDriver.INDIRECT_DESC | RingDriver.EVENT_IDX | RingDriver.IN_ORDER;
    private static final int[] FLAGS = {0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 6, 7, 0xff7f};
    private static final int[] IDS = {SIZE, SIZE + 1, 0x7fff, 0x8000, 0xffff};

    @Test
    @Timeout(300)
    void shouldStayInsideWhateverChangesMeanwhile() throws Exception {
        RandomGenerator random =
                TestSeed.generator("packed: shouldStayInsideWhateverChangesMeanwhile");
        long seed = random.nextLong();
        AtomicBoolean stop = new AtomicBoolean();
        try (TestMemory memory = new TestMemory()) {
            NaivePackedDriver driver = new NaivePackedDriver(memory, SIZE, FEATURES);
            Thread flipper = Thread.ofPlatform().start(() -> flip(memory, driver, seed, stop));
            try {
                serve(driver);
            } finally {
                stop.set(true);
                flipper.join();
            }
        }
    }

    /** Serves until enough chains were whole and each fault was met. */
    @SuppressWarnings("ThreadPriorityCheck") // yields for the sake of speed only
    private static void serve(NaivePackedDriver driver) throws InvalidRingException {
        Set<RingFault> missing = EnumSet.copyOf(REACHABLE);
        Deque<Integer> held = new ArrayDeque<>();
        int taken = 0;
        int inBursts = 0;
        PackedVirtqueue queue = driver.queue(PackedBase.START);
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        BufferBurst burst = new BufferBurst(SIZE, true);
        byte[] bytes = new byte[64];
        for (int i = 0;
                i < ITERATIONS || taken < CHAINS || inBursts < CHAINS || !missing.isEmpty();
                i++) {
            queue.pending();
            int together = queue.nextBuffers(burst, SIZE);
            if (together > 0) {
                inBursts += together;
                HostileDriverTest.assertInside(burst);
                queue.settleBuffers(burst, i % (together + 1));
            } else if (queue.next(chain)) {
                taken++;
                HostileDriverTest.assertInside(chain);
                assertTrue(chain.head() < SIZE);
                chain.copyFrom(0, bytes, 0, bytes.length);
                chain.copyTo(0, bytes, 0, 1);
                held.add(chain.head());
            } else {
                // Where cores are few the driver must get one to change anything.
                Thread.yield();
            }
            if (held.size() > i % MOST_HELD) {
                queue.complete(held.remove(), 1);
            }
            queue.publish();
            queue.suppressKicks();
            queue.requestKicks();
            RingFault fault = queue.fault();
            if (fault != null) {
                missing.remove(fault);
                held.clear();
                // What a front-end does after a device reset.
                queue = driver.queue(i % 2 == 0 ? PackedBase.START : 0x0003_0003);
            }
        }
    }

    /** Again and again: one field gets another value for a moment, then its right one again. */
    private static void flip(
            TestMemory memory, NaivePackedDriver driver, long seed, AtomicBoolean stop) {
        RandomGenerator random = new SplittableRandom(seed);
        for (int i = 0; i < TABLE_ENTRIES; i++) {
            restoreEntry(driver, i);
        }
        while (!stop.get()) {
            int slot = random.nextInt(SIZE);
            spoil(memory, driver, random, slot);
            for (int n = random.nextInt(30); n > 0; n--) {
                Thread.onSpinWait();
            }
            restoreEntry(driver, slot % TABLE_ENTRIES);
            boolean wrap = random.nextInt(4) != 0;
            for (int i = 0; i < SIZE; i++) {
                restore(driver, i, wrap);
            }
        }
    }

    private static void spoil(
            TestMemory memory, NaivePackedDriver driver, RandomGenerator random, int slot) {
        long descriptor =
                random.nextBoolean()
                        ? driver.descriptorAddress(slot)
                        : TABLE + 16L * random.nextInt(TABLE_ENTRIES);
        int flags =
                FLAGS[random.nextInt(FLAGS.length)]
                        | (random.nextBoolean() ? NaivePackedDriver.AVAIL : NaivePackedDriver.USED);
        int id = random.nextBoolean() ? random.nextInt(SIZE) : IDS[random.nextInt(IDS.length)];
        switch (random.nextInt(6)) {
            case 0 ->
                    HostileDriverTest.putWord(
                            memory, descriptor, ADDRESSES[random.nextInt(ADDRESSES.length)]);
            case 1 ->
                    HostileDriverTest.putInt(
                            memory, descriptor + 8, LENGTHS[random.nextInt(LENGTHS.length)]);
            case 2 -> HostileDriverTest.putShort(memory, descriptor + 12, id);
            case 3 -> HostileDriverTest.putShort(memory, descriptor + 14, flags);
            case 4 -> driver.setDriverEvent(random.nextInt(0x1_0000), random.nextInt(4));
            default -> driver.putFlags(slot, flags);
        }
    }

    /** A descriptor of a valid chain: of four, or one with a table that crosses regions. */
    private static void restore(NaivePackedDriver driver, int slot, boolean wrap) {
        int part = slot % 4;
        int available = wrap ? NaivePackedDriver.AVAIL : NaivePackedDriver.USED;
        int flags = (part < 3 ? RingDriver.NEXT : 0) | (part > 1 ? RingDriver.WRITE : 0);
        long at = driver.descriptorAddress(slot);
        if (slot >= SIZE / 2) {
            long bytes = 16L * TABLE_ENTRIES;
            driver.writeDescriptor(at, TABLE, bytes, slot, RingDriver.INDIRECT | available);
        } else {
            driver.writeDescriptor(at, TestMemory.HIGH, 16, slot, flags | available);
        }
    }

    private static void restoreEntry(NaivePackedDriver driver, int entry) {
        int flags = entry > 1 ? RingDriver.WRITE : 0;
        driver.writeDescriptor(TABLE + 16L * entry, TestMemory.LOW + 0x3000, 24, 0, flags);
    }
}
