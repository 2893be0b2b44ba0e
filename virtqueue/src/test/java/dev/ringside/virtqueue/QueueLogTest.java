package dev.ringside.virtqueue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.DirtyLog;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.RingDriver.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Marks in a dirty log, against what really changed in memory. */
final class QueueLogTest {
    private static final int PAGE = DirtyLog.PAGE_BYTES;
    private static final long LOG_BYTES = (TestMemory.HIGH + TestMemory.HIGH_BYTES) / PAGE / 8;

    private TestMemory memory;
    private Fd file;
    private MemoryRegion shown;
    private DirtyLog log;

    @BeforeEach
    void map() throws LinuxException {
        memory = new TestMemory();
        file = Memfd.create("ringside-log", LOG_BYTES);
        shown = MemoryRegion.map(file.duplicate(), 0, 0, LOG_BYTES, 0);
        log = DirtyLog.map(file.duplicate(), LOG_BYTES, 0);
    }

    @AfterEach
    void unmap() {
        log.close();
        shown.close();
        file.close();
        memory.close();
    }

    private BitSet takeLog() {
        BitSet bits = BitSet.valueOf(shown.segment().toArray(JAVA_BYTE));
        shown.segment().fill((byte) 0);
        return bits;
    }

    private Map<Long, byte[]> snapshot() {
        Map<Long, byte[]> copies = new HashMap<>();
        for (MemoryRegion region : memory.memory().regions()) {
            copies.put(region.guestAddress(), region.segment().toArray(JAVA_BYTE));
        }
        return copies;
    }

    /** The pages that differ from a copy. */
    private BitSet changed(Map<Long, byte[]> before) {
        BitSet pages = new BitSet();
        for (MemoryRegion region : memory.memory().regions()) {
            byte[] copy = Objects.requireNonNull(before.get(region.guestAddress()));
            MemorySegment old = MemorySegment.ofArray(copy);
            for (long at = 0; at < copy.length; at += PAGE) {
                long end = at + PAGE;
                if (MemorySegment.mismatch(old, at, end, region.segment(), at, end) >= 0) {
                    pages.set((int) ((region.guestAddress() + at) / PAGE));
                }
            }
        }
        return pages;
    }

    private QueueLog everything(RingDriver driver) {
        long split = driver instanceof NaiveDriver naive ? naive.usedFlagsAddress() : 0;
        return new QueueLog(log, true, true, split, null);
    }

    @ParameterizedTest
    @EnumSource
    void shouldMarkEveryPageThatChangesWhenOperationsAreRandom(RingKind kind) throws Exception {
        RandomGenerator random = TestSeed.generator("QueueLogTest");
        long[] features = {0, NaiveDriver.EVENT_IDX, NaiveDriver.IN_ORDER, NaiveDriver.EVENT_IDX};
        for (int round = 0; round < 16; round++) {
            int size = 1 << (3 + random.nextInt(8));
            RingDriver driver =
                    kind.driverNearWrap(
                            memory,
                            size,
                            features[round % 4] | kind.feature(),
                            random.nextInt(size));
            Device device = new Device(driver.queue(), random);
            device.queue.log(everything(driver));
            takeLog();
            for (int step = 0; step < 40; step++) {
                add(driver, random);
                // Only the device runs between the two looks.
                Map<Long, byte[]> before = snapshot();
                device.run();
                BitSet missing = changed(before);
                missing.andNot(takeLog());
                assertEquals(new BitSet(), missing, "pages that were not marked");
                while (driver.poll() != null) {
                    // takes all back
                }
            }
            device.finish();
        }
    }

    private void add(RingDriver driver, RandomGenerator random) {
        for (int chains = random.nextInt(4); chains > 0; chains--) {
            List<Buffer> buffers = new ArrayList<>();
            int readable = random.nextInt(3);
            int writable = random.nextInt(4);
            for (int i = 0; i < readable + writable; i++) {
                boolean high = random.nextBoolean();
                long room = high ? TestMemory.HIGH_BYTES : TestMemory.MIDDLE_BYTES;
                int length = 1 + random.nextInt(3 * PAGE);
                long at = (high ? TestMemory.HIGH : TestMemory.MIDDLE) + random.nextLong(room);
                long end = (high ? TestMemory.HIGH : TestMemory.MIDDLE) + room;
                long fits = Math.min(length, end - at);
                buffers.add(i < readable ? Buffer.readable(at, fits) : Buffer.writable(at, fits));
            }
            if (!buffers.isEmpty() && buffers.size() <= driver.freeDescriptors()) {
                driver.add(buffers);
            }
        }
    }

    /** Takes, writes prefixes, completes out of order, gives back, publishes. */
    private static final class Device {
        private final Virtqueue queue;
        private final RandomGenerator random;
        private final DescriptorChain chain;
        private final List<Integer> taken = new ArrayList<>();
        private final List<Integer> prefixes = new ArrayList<>();

        Device(Virtqueue queue, RandomGenerator random) {
            this.queue = queue;
            this.random = random;
            chain = new DescriptorChain(queue.maxChainEntries());
        }

        void run() {
            if (random.nextBoolean()) {
                queue.requestKicks();
            } else {
                queue.suppressKicks();
            }
            while (random.nextInt(4) != 0 && queue.next(chain)) {
                if (random.nextInt(8) == 0) {
                    queue.giveBack(chain.head());
                    break;
                }
                int prefix = random.nextInt((int) chain.writableBytes() + 1);
                byte[] data = new byte[prefix];
                for (int i = 0; i < prefix; i++) {
                    data[i] = (byte) (random.nextInt(255) + 1);
                }
                chain.copyTo(0, data, 0, prefix);
                taken.add(chain.head());
                prefixes.add(prefix);
                // What is not completed in this turn would be a change without a mark.
                finish();
            }
            queue.publish();
        }

        void finish() {
            while (!taken.isEmpty()) {
                int i = random.nextInt(taken.size());
                int prefix = prefixes.remove(i);
                if (random.nextBoolean()) {
                    queue.complete(taken.remove(i), prefix, prefix);
                } else {
                    queue.complete(taken.remove(i), prefix);
                }
            }
            queue.publish();
        }
    }

    @Test
    void shouldMarkWhatWasTakenBeforeInTheNewLogWhenLogIsReplaced() throws Exception {
        NaiveDriver driver = new NaiveDriver(memory, 8, 0);
        Virtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        queue.log(everything(driver));
        driver.add(Buffer.writable(TestMemory.HIGH + 100, 2 * PAGE));
        assertTrue(queue.next(chain));
        takeLog();
        try (Fd other = Memfd.create("ringside-other-log", LOG_BYTES);
                MemoryRegion otherShown = MemoryRegion.map(other.duplicate(), 0, 0, LOG_BYTES, 0);
                DirtyLog otherLog = DirtyLog.map(other.duplicate(), LOG_BYTES, 0)) {
            queue.log(new QueueLog(otherLog, true, false, 0, null));

            queue.complete(chain.head(), 1);
            queue.publish();

            BitSet expected = new BitSet();
            int first = (int) (TestMemory.HIGH / PAGE);
            expected.set(first, first + 3);
            assertEquals(expected, BitSet.valueOf(otherShown.segment().toArray(JAVA_BYTE)));
            assertEquals(new BitSet(), takeLog());
            queue.log(null);
        }
    }

    @Test
    void shouldLogTheRingElsewhereWhenItsAddressSaysSo() throws Exception {
        NaiveDriver driver = new NaiveDriver(memory, 1024, 0);
        Virtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        queue.log(new QueueLog(log, false, true, 0x7000, null));
        driver.add(Buffer.writable(TestMemory.HIGH, 1));
        queue.next(chain);

        queue.complete(chain.head(), 1);
        queue.publish();

        BitSet expected = new BitSet();
        expected.set(7);
        assertEquals(expected, takeLog());
    }

    /**
     * A used ring of 1024 entries that begins in the middle of page 16 and ends in page 18, so that
     * the index, the entries and those behind the wrap are on pages of their own.
     */
    @ParameterizedTest
    @CsvSource({
        "0, 1, 16", // beside the index
        "600, 1, 16 17", // away from it
        "1000, 24, 16 18", // the last ones
        "200, 700, 16 17 18", // with the whole of the page between
        "1023, 2, 16 18", // around the end
        "1023, 301, 16 17 18", // around the end, and past the index's page
    })
    void shouldMarkEachPageOfASplitRingThatPublishingWrites(int from, int count, String pages)
            throws Exception {
        NaiveDriver driver = new NaiveDriver(memory, 1024, 0, from);
        Virtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        queue.log(fromTheMiddleOfPage16());
        for (int i = 0; i < count; i++) {
            driver.add(Buffer.writable(TestMemory.HIGH, 1));
            assertTrue(queue.next(chain));
            queue.complete(chain.head(), 1);
        }
        assertEquals(new BitSet(), takeLog(), "the driver has been shown nothing");

        queue.publish();

        BitSet expected = new BitSet();
        Arrays.stream(pages.split(" ")).mapToInt(Integer::parseInt).forEach(expected::set);
        assertEquals(expected, takeLog());
    }

    private QueueLog fromTheMiddleOfPage16() {
        return new QueueLog(log, false, true, 16 * PAGE + PAGE / 2, null);
    }

    @Test
    void shouldMarkWhereASplitRingSaysWhetherItWantsKicks() throws Exception {
        BitSet flags = new BitSet();
        flags.set(16);
        Virtqueue byFlags = new NaiveDriver(memory, 1024, 0).queue();
        byFlags.log(fromTheMiddleOfPage16());
        byFlags.suppressKicks();
        assertEquals(flags, takeLog());
        byFlags.requestKicks();
        assertEquals(flags, takeLog());

        BitSet flagsAndEvent = (BitSet) flags.clone();
        flagsAndEvent.set(18);
        Virtqueue byEvent = new NaiveDriver(memory, 1024, NaiveDriver.EVENT_IDX).queue();
        byEvent.log(fromTheMiddleOfPage16());
        byEvent.requestKicks();
        assertEquals(flagsAndEvent, takeLog());
    }

    @Test
    void shouldStopWhenLogDoesNotCoverWhatIsWritten() throws Exception {
        NaiveDriver driver = new NaiveDriver(memory, 8, 0);
        Virtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        try (DirtyLog tiny = DirtyLog.map(file.duplicate(), 1, 0)) {
            queue.log(new QueueLog(tiny, true, false, 0, null));
            driver.add(Buffer.writable(TestMemory.HIGH, 1));
            queue.next(chain);

            queue.complete(chain.head(), 1);

            assertEquals(RingFault.DIRTY_LOG, queue.fault());
            assertEquals(0, queue.inFlight());
            assertEquals(new BitSet(), takeLog());
        }
    }

    /** A ring's pages are beyond a log of 8 pages, or its log address is. */
    @ParameterizedTest
    @EnumSource
    void shouldStopWhenLogDoesNotCoverWhatIsWrittenIntoTheRing(RingKind kind) throws Exception {
        assertStopsBeyondTheLog(
                kind,
                (driver, queue) -> {
                    DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
                    driver.add(Buffer.writable(TestMemory.HIGH, 1));
                    assertTrue(queue.next(chain));
                    queue.complete(chain.head(), 1);
                    assertNull(queue.fault(), "nothing is in the ring yet");
                    queue.publish();
                });
        assertStopsBeyondTheLog(kind, (driver, queue) -> queue.suppressKicks());
        assertStopsBeyondTheLog(kind, (driver, queue) -> queue.requestKicks());
    }

    private void assertStopsBeyondTheLog(RingKind kind, BiConsumer<RingDriver, Virtqueue> write)
            throws Exception {
        RingDriver driver = kind.driver(memory, 8, kind.feature());
        Virtqueue queue = driver.queue();
        try (DirtyLog tiny = DirtyLog.map(file.duplicate(), 1, 0)) {
            queue.log(new QueueLog(tiny, false, true, 8 * PAGE, null));

            write.accept(driver, queue);

            assertEquals(RingFault.DIRTY_LOG, queue.fault());
            assertEquals(new BitSet(), takeLog());
        }
    }

    @Test
    void shouldTellOncePerPublishWhenSomebodyListens() throws Exception {
        NaiveDriver driver = new NaiveDriver(memory, 8, 0);
        Virtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        try (EventFd changed = EventFd.create()) {
            queue.log(new QueueLog(log, true, false, 0, changed));
            for (int i = 0; i < 3; i++) {
                driver.add(Buffer.writable(TestMemory.HIGH, 1));
                queue.next(chain);
                queue.complete(chain.head(), 1);
            }

            queue.publish();
            queue.publish();

            assertEquals(1, changed.drain());
        }
    }

    /** SET_LOG_FD asks to be told of any change of the log, and a ring's pages are in it too. */
    @ParameterizedTest
    @EnumSource
    void shouldTellWhenOnlyTheRingIsLogged(RingKind kind) throws Exception {
        RingDriver driver = kind.driver(memory, 8, kind.feature());
        Virtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        try (EventFd changed = EventFd.create()) {
            queue.log(new QueueLog(log, false, true, 0x7000, changed));
            driver.add(Buffer.writable(TestMemory.HIGH, 1));
            queue.next(chain);
            queue.complete(chain.head(), 1);
            assertEquals(0, changed.drain());

            queue.publish();
            queue.publish();

            assertTrue(!takeLog().isEmpty());
            assertEquals(1, changed.drain());
        }
    }

    @Test
    void shouldWaitForRoomWhenChainsHaveMoreRangesThanItHolds() throws Exception {
        int entries = 1024;
        NaiveDriver driver = new NaiveDriver(memory, 8, NaiveDriver.INDIRECT_DESC);
        Virtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        queue.log(everything(driver));
        List<Buffer> many = new ArrayList<>();
        for (int i = 0; i < entries; i++) {
            many.add(Buffer.writable(TestMemory.HIGH + 2L * i, 1));
        }
        for (int i = 0; i < 8; i++) {
            driver.addIndirect(driver.end() + 16L * entries * i, many);
        }
        List<Integer> held = new ArrayList<>();
        while (queue.next(chain)) {
            held.add(chain.head());
        }

        assertEquals(8, held.size(), "more than a device normally takes fit");
        for (int head : held) {
            queue.complete(head, 0);
        }
        queue.publish();
        while (driver.poll() != null) {
            // takes all back
        }
        WritableRanges ranges = new WritableRanges(8, 100);
        int room = ranges.room();
        int chains = 0;
        driver.addIndirect(driver.end(), many);
        assertTrue(queue.next(chain));
        while (chains < 8 && ranges.add(chains, chain)) {
            chains++;
        }
        assertEquals(room / entries, chains);
        assertFalse(ranges.add(chains, chain));
        for (int i = 0; i < chains; i++) {
            ranges.forget(i);
        }
        assertEquals(room, ranges.room());
    }
}
