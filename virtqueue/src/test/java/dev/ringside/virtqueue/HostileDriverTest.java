package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Ranges;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A driver that changes every field of its ring while the device reads it: the device throws
 * nothing, ends every walk, and hands out only entries that lie in guest memory.
 */
final class HostileDriverTest {
    private static final int ITERATIONS = 200_000;
    private static final int CHAINS = 2_000;

    /** What this driver causes sooner or later. */
    private static final Set<RingFault> REACHABLE =
            EnumSet.of(
                    RingFault.AVAILABLE_INDEX,
                    RingFault.HEAD_INDEX,
                    RingFault.DESCRIPTOR_INDEX,
                    RingFault.DESCRIPTOR_LOOP,
                    RingFault.BUFFER_UNMAPPED,
                    RingFault.READABLE_AFTER_WRITABLE,
                    RingFault.INDIRECT_NESTED,
                    RingFault.INDIRECT_CHAINED,
                    RingFault.INDIRECT_LENGTH,
                    RingFault.INDIRECT_UNMAPPED);

    static final int SIZE = 16;
    private static final long FEATURES =
            NaiveDriver.INDIRECT_DESC | NaiveDriver.EVENT_IDX | NaiveDriver.IN_ORDER;
    static final long TABLE = TestMemory.MIDDLE - 40;
    static final int TABLE_ENTRIES = 6;

    static final long[] ADDRESSES = {
        TestMemory.HIGH,
        TestMemory.HIGH,
        TestMemory.LOW + 0x2000,
        TestMemory.HIGH + TestMemory.HIGH_BYTES - 1,
        TestMemory.HIGH + TestMemory.HIGH_BYTES,
        TestMemory.MIDDLE - 1,
        TestMemory.HOLE - 1,
        TABLE,
        TABLE + 16,
        -1,
        Long.MIN_VALUE,
        0,
    };
    static final int[] LENGTHS = {1, 16, 96, 512, 0, 17, 4096, 0x7fff_ffff, 0x8000_0000, -1, -16};
    private static final int[] FLAGS = {0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 6, 7, 0xffff};
    private static final int[] INDICES = {
        0, 1, 2, 3, 4, 5, SIZE - 1, SIZE, SIZE + 1, 0x7fff, 0x8000, 0xfffe, 0xffff
    };

    @Test
    @Timeout(300)
    void shouldStayInsideWhateverChangesMeanwhile() throws Exception {
        RandomGenerator random = TestSeed.generator("shouldStayInsideWhateverChangesMeanwhile");
        long seed = random.nextLong();
        AtomicBoolean stop = new AtomicBoolean();
        try (TestMemory memory = new TestMemory()) {
            NaiveDriver driver = new NaiveDriver(memory, SIZE, FEATURES);
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
    private static void serve(NaiveDriver driver) throws InvalidRingException {
        Set<RingFault> missing = EnumSet.copyOf(REACHABLE);
        int taken = 0;
        int inBursts = 0;
        SplitVirtqueue queue = driver.queue(0);
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        BufferBurst burst = new BufferBurst(SIZE, false);
        byte[] bytes = new byte[64];
        for (int i = 0;
                i < ITERATIONS || taken < CHAINS || inBursts < CHAINS || !missing.isEmpty();
                i++) {
            int together = queue.nextBuffers(burst, SIZE);
            if (together > 0) {
                inBursts += together;
                assertInside(burst);
                queue.settleBuffers(burst, i % (together + 1));
            } else if (queue.next(chain)) {
                taken++;
                assertInside(chain);
                assertTrue(chain.head() < SIZE);
                chain.copyFrom(0, bytes, 0, bytes.length);
                chain.copyTo(0, bytes, 0, 1);
                queue.complete(chain.head(), 1);
            } else {
                // Where cores are few the driver must get one to change anything.
                Thread.yield();
            }
            queue.publish();
            queue.suppressKicks();
            queue.requestKicks();
            RingFault fault = queue.fault();
            if (fault != null) {
                missing.remove(fault);
                // What a front-end does after a device reset.
                queue = driver.queue(driver.deviceIndex());
            }
        }
    }

    static void assertInside(BufferBurst burst) {
        Ranges buffers = burst.buffers();
        for (int i = 0; i < burst.count(); i++) {
            int length = buffers.length(i);
            long offset = buffers.offset(i);
            assertTrue(offset >= 0 && length > 0);
            assertTrue(length <= buffers.segment().byteSize() - offset);
        }
    }

    static void assertInside(DescriptorChain chain) {
        long readable = 0;
        long writable = 0;
        for (int i = 0; i < chain.count(); i++) {
            MemorySegment segment = chain.segment(i);
            int length = chain.length(i);
            long offset = chain.offset(i);
            assertTrue(length > 0 && offset >= 0 && length <= segment.byteSize() - offset);
            assertTrue(chain.hostAddress(i) == segment.address() + offset);
            if (i < chain.readableCount()) {
                readable += length;
            } else {
                writable += length;
            }
        }
        assertTrue(readable == chain.readableBytes() && writable == chain.writableBytes());
        assertTrue(chain.head() >= 0);
    }

    /** Again and again: one field gets another value for a moment, then its right one again. */
    private static void flip(TestMemory memory, NaiveDriver driver, long seed, AtomicBoolean stop) {
        RandomGenerator random = new SplittableRandom(seed);
        for (int i = 0; i < SIZE; i++) {
            restore(driver, i);
        }
        while (!stop.get()) {
            int index = random.nextInt(SIZE);
            spoil(memory, driver, random, index);
            for (int n = random.nextInt(30); n > 0; n--) {
                Thread.onSpinWait();
            }
            restore(driver, index);
            memory.putShort(driver.availableEntryAddress(index), index);
            driver.setAvailableIndex(driver.deviceIndex() + random.nextInt(SIZE / 2));
        }
    }

    private static void spoil(
            TestMemory memory, NaiveDriver driver, RandomGenerator random, int index) {
        long descriptor =
                random.nextBoolean()
                        ? driver.descriptorAddress(index)
                        : TABLE + 16L * random.nextInt(TABLE_ENTRIES);
        int evilIndex = INDICES[random.nextInt(INDICES.length)];
        switch (random.nextInt(7)) {
            case 0 -> putWord(memory, descriptor, ADDRESSES[random.nextInt(ADDRESSES.length)]);
            case 1 -> putInt(memory, descriptor + 8, LENGTHS[random.nextInt(LENGTHS.length)]);
            case 2 -> putShort(memory, descriptor + 12, FLAGS[random.nextInt(FLAGS.length)]);
            case 3 -> putShort(memory, descriptor + 14, evilIndex);
            case 4 -> memory.putShort(driver.availableEntryAddress(index), evilIndex);
            case 5 -> driver.setAvailableIndex(evilIndex);
            default -> memory.putShort(driver.usedEventAddress(), random.nextInt());
        }
    }

    /** A descriptor of a valid chain: of four, or one with a table that crosses regions. */
    private static void restore(NaiveDriver driver, int index) {
        int part = index % 4;
        int flags = (part < 3 ? NaiveDriver.NEXT : 0) | (part > 1 ? NaiveDriver.WRITE : 0);
        if (index >= SIZE / 2) {
            long bytes = 16L * TABLE_ENTRIES;
            driver.descriptor(index, TABLE, bytes, NaiveDriver.INDIRECT, 0);
        } else {
            driver.descriptor(index, TestMemory.HIGH, 16, flags, index + 1);
        }
        int entry = index % TABLE_ENTRIES;
        boolean last = entry == TABLE_ENTRIES - 1;
        int entryFlags = (last ? 0 : NaiveDriver.NEXT) | (entry > 1 ? NaiveDriver.WRITE : 0);
        driver.writeDescriptor(
                TABLE + 16L * entry, TestMemory.LOW + 0x3000, 24, entryFlags, entry + 1);
    }

    /**
     * In one store where it does not cross regions, so that the device may see it whole or torn.
     */
    static void putWord(TestMemory memory, long address, long value) {
        if (memory.memory().available(memory.memory().find(address), address) >= Long.BYTES) {
            memory.putLong(address, value);
        } else {
            for (int i = 0; i < Long.BYTES; i++) {
                memory.putByte(address + i, (int) (value >>> (Byte.SIZE * i)));
            }
        }
    }

    static void putInt(TestMemory memory, long address, int value) {
        for (int i = 0; i < Integer.BYTES; i++) {
            memory.putByte(address + i, value >>> (Byte.SIZE * i));
        }
    }

    static void putShort(TestMemory memory, long address, int value) {
        memory.putByte(address, value);
        memory.putByte(address + 1, value >>> Byte.SIZE);
    }
}
