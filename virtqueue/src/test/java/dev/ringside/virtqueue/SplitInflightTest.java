package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.RingDriver.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The notes of a split queue byte by byte (vhost-user.rst, QueueRegionSplit), how a queue goes on
 * from them, and what it makes of notes that cannot be true.
 */
final class SplitInflightTest {
    private static final int SIZE = 8;
    private static final int BASE = 0xfffd;
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

    private TestMemory memory;
    private NaiveDriver driver;
    private InflightRegion region;
    private MemoryRegion view;
    private MemorySegment notes;
    private DescriptorChain chain;

    @BeforeEach
    void map() throws LinuxException {
        memory = new TestMemory();
        driver = new NaiveDriver(memory, SIZE, 0, BASE);
        // The driver's queue is number 3; a part has 16 + 16 * 8 bytes, rounded up to 192.
        region = InflightRegion.create(4, SIZE, false);
        assertEquals(4 * 192 + 64, region.sizeBytes());
        view = MemoryRegion.map(region.fd().duplicate(), 0, 0, region.sizeBytes(), 0);
        notes = view.segment().asSlice(3 * 192, 192);
        chain = new DescriptorChain(SIZE);
    }

    @AfterEach
    void unmap() {
        view.close();
        region.close();
        memory.close();
    }

    private SplitVirtqueue queue(int base) throws InvalidRingException {
        return queue(base, 0);
    }

    private SplitVirtqueue queue(int base, long features) throws InvalidRingException {
        return SplitVirtqueue.create(driver.layout(), base, features, memory.memory(), region);
    }

    private static int later(int count) {
        return (BASE + count) & 0xffff;
    }

    private void add(int count) {
        for (int i = 0; i < count; i++) {
            driver.add(Buffer.writable(TestMemory.HIGH, 64));
        }
    }

    private int take(Virtqueue queue) {
        assertTrue(queue.next(chain), () -> "fault " + queue.fault());
        return chain.head();
    }

    private int u16(long offset) {
        return Short.toUnsignedInt(notes.get(U16, offset));
    }

    private int flag(int head) {
        return notes.get(ValueLayout.JAVA_BYTE, 16 + 16L * head);
    }

    private void note(int head, int flag, long counter) {
        notes.set(ValueLayout.JAVA_BYTE, 16 + 16L * head, (byte) flag);
        notes.set(U64, 16 + 16L * head + 8, counter);
    }

    private void header(int lastBatchHead, int usedIndex) {
        notes.set(U16, 8, (short) 1);
        notes.set(U16, 10, (short) SIZE);
        notes.set(U16, 12, (short) lastBatchHead);
        notes.set(U16, 14, (short) usedIndex);
    }

    private void link(int head, int next) {
        notes.set(U16, 16 + 16L * head + 6, (short) next);
    }

    @Test
    void shouldTakeTheUsedIndexOfAFreshRegionFromTheRing() throws InvalidRingException {
        SplitVirtqueue queue = queue(12_345);

        assertEquals(new Resumption(true, 0, 0), queue.resumption());
        assertEquals(BASE, queue.base());
        assertEquals(BASE, u16(14));
        assertEquals(1, u16(8));
        assertEquals(SIZE, u16(10));
        assertEquals(0, notes.get(U64, 0));
    }

    @Test
    void shouldCleanAFreshRegionThatIsNotZero() throws InvalidRingException {
        notes.fill((byte) -1);
        notes.set(U16, 8, (short) 0);

        assertEquals(new Resumption(true, 0, 0), queue(0).resumption());
        assertEquals(0, flag(5));
    }

    @Test
    void shouldNoteWhatIsTakenAndGivenBack() throws InvalidRingException {
        SplitVirtqueue queue = queue(BASE);
        add(4);
        int first = take(queue);
        int second = take(queue);
        int third = take(queue);
        assertEquals(1, flag(first));
        assertEquals(1, flag(third));
        assertEquals(0, notes.get(U64, 16 + 16L * first + 8));
        assertEquals(2, notes.get(U64, 16 + 16L * third + 8));

        queue.giveBack(third);
        assertEquals(0, flag(third));

        queue.complete(second, 0);
        queue.complete(first, 0);
        assertEquals(1, flag(first), "in flight until the driver sees it");
        queue.publish();
        assertEquals(0, flag(first));
        assertEquals(0, flag(second));
        assertEquals(first, u16(12));
        assertEquals(second, u16(16 + 16L * first + 6));
        assertEquals(later(2), u16(14));
    }

    @Test
    void shouldGoOnBehindWhatIsInFlightWhateverTheBase() throws InvalidRingException {
        SplitVirtqueue before = queue(BASE);
        add(5);
        int oldest = take(before);
        int done = take(before);
        int newest = take(before);
        before.complete(done, 0);
        before.publish();
        assertEquals(done, Objects.requireNonNull(driver.poll()).head());
        // The entry that named the oldest one is overwritten by the time it is done again.
        add(driver.freeDescriptors());
        int waiting = (driver.availableIndex() - BASE - 3) & 0xffff;

        SplitVirtqueue after = queue(4711);

        assertEquals(new Resumption(true, 2, 0), after.resumption());
        assertEquals(2, after.pending(), "first what was in flight");
        assertEquals(oldest, take(after));
        assertEquals(newest, take(after));
        assertEquals(waiting, after.pending());
        assertEquals(later(3), after.base());
        assertNull(after.fault());
    }

    @Test
    void shouldKeepTheOrderOfThoseThatAreNotDoneAgainYet() throws InvalidRingException {
        SplitVirtqueue first = queue(BASE);
        add(3);
        int[] heads = {take(first), take(first), take(first)};
        SplitVirtqueue second = queue(BASE);
        assertEquals(heads[0], take(second));
        assertEquals(heads[1], take(second));
        second.giveBack(heads[1]);

        SplitVirtqueue third = queue(BASE);

        assertEquals(3, third.resumption().replayed());
        assertArrayEquals(heads, new int[] {take(third), take(third), take(third)});
        assertFalse(third.next(chain));
        assertNull(third.fault());
    }

    @Test
    void shouldGiveBackWhatIsDoneAgain() throws InvalidRingException {
        SplitVirtqueue before = queue(BASE);
        add(3);
        int a = take(before);
        int b = take(before);
        SplitVirtqueue after = queue(BASE);
        assertEquals(a, take(after));
        assertEquals(b, take(after));
        int c = take(after);
        after.giveBack(c);
        after.giveBack(b);

        assertEquals(1, after.inFlight());
        assertEquals(b, take(after));
        assertEquals(c, take(after));
        after.complete(c, 0);
        after.complete(b, 0);
        after.complete(a, 0);
        after.publish();
        for (int head = 0; head < SIZE; head++) {
            assertEquals(0, flag(head));
        }
    }

    @Test
    void shouldFinishABatchThatWasPublishedAndNotNoted() throws InvalidRingException {
        add(3);
        // The driver was shown two as used, 2 and then 0; 0 still seems to be in flight, as 1 is.
        memory.putShort(driver.usedFlagsAddress() + 2, BASE + 2);
        header(0, BASE);
        link(0, 2);
        link(2, 7);
        note(0, 1, 5);
        note(1, 1, 6);
        note(2, 0, 7);

        SplitVirtqueue queue = queue(0);

        assertEquals(new Resumption(true, 1, 0), queue.resumption());
        assertEquals(1, take(queue));
        assertEquals(0, flag(0));
        assertEquals(later(2), u16(14));
        add(1);
        assertEquals(3, take(queue));
        assertEquals(7, notes.get(U64, 16 + 16L * 3 + 8), "counts on");
    }

    @Test
    void shouldNotMindOldNotesWhenNothingIsInFlight() throws InvalidRingException {
        header(0x7fff, 77);

        SplitVirtqueue queue = queue(BASE);

        assertNull(queue.fault());
        assertEquals(BASE, u16(14));
    }

    private void assertContradicts() throws InvalidRingException {
        byte[] before = notes.toArray(ValueLayout.JAVA_BYTE);
        SplitVirtqueue queue = queue(BASE);
        assertEquals(RingFault.INFLIGHT_REGION, queue.fault());
        assertFalse(queue.next(chain));
        assertEquals(0, queue.pending());
        assertArrayEquals(before, notes.toArray(ValueLayout.JAVA_BYTE), "left as it was");
    }

    @Test
    void shouldRefuseMoreInFlightThanWasMadeAvailable() throws InvalidRingException {
        add(1);
        header(0, BASE);
        note(0, 1, 0);
        note(1, 1, 1);
        assertContradicts();
    }

    @Test
    void shouldRefuseMarksOfNoMeaning() throws InvalidRingException {
        add(2);
        header(0, BASE);
        note(0, 2, 0);
        assertContradicts();
    }

    @Test
    void shouldRefuseCountersThatRepeatOrCannotBe() throws InvalidRingException {
        add(3);
        header(0, BASE);
        note(0, 1, 4);
        note(1, 1, 4);
        assertContradicts();
        note(1, 1, -1);
        assertContradicts();
        note(1, 1, Long.MAX_VALUE);
        assertContradicts();
    }

    @Test
    void shouldRefuseListsThatDoNotEnd() throws InvalidRingException {
        add(3);
        header(1, BASE - 3);
        note(0, 1, 0);
        link(1, 2);
        link(2, 1);
        assertContradicts();
        link(1, 1);
        assertContradicts();
        link(1, SIZE);
        assertContradicts();
        link(1, 0xffff);
        assertContradicts();
        header(SIZE, BASE - 1);
        assertContradicts();
        // Every head once would be eight; nine were used.
        for (int head = 0; head < SIZE; head++) {
            link(head, (head + 1) % SIZE);
        }
        header(0, BASE - 9);
        assertContradicts();
        header(0, BASE + 1);
        assertContradicts();
    }

    @Test
    void shouldEndWithAFaultOrGoOnWhateverTheNotesHold() throws InvalidRingException {
        RandomGenerator random =
                TestSeed.generator("shouldEndWithAFaultOrGoOnWhateverTheNotesHold");
        add(SIZE);
        int faults = 0;
        int alive = 0;
        for (int round = 0; round < 20_000; round++) {
            scramble(random);
            SplitVirtqueue queue = queue(random.nextInt(65536));
            if (queue.fault() != null) {
                faults++;
                continue;
            }
            alive++;
            int left = SIZE;
            while (queue.next(chain)) {
                queue.complete(chain.head(), 0);
                left--;
            }
            assertTrue(left >= 0, "more than the ring has: " + left);
            queue.publish();
            memory.putShort(driver.usedFlagsAddress() + 2, BASE);
        }
        assertTrue(faults > 1000 && alive > 1000, faults + " faults, " + alive + " alive");
    }

    private void scramble(RandomGenerator random) {
        for (long at = 12; at < notes.byteSize(); at++) {
            notes.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt(3));
        }
        header(random.nextInt(SIZE + 1), BASE - (random.nextInt(4) == 0 ? random.nextInt(5) : 0));
        for (int head = 0; head < SIZE; head++) {
            boolean marked = random.nextInt(4) == 0;
            note(head, marked ? random.nextInt(16) == 0 ? 3 : 1 : 0, random.nextInt(64));
        }
    }

    @Test
    void shouldResumeInOrderFromTheUsedIndexWithoutARegion() throws InvalidRingException {
        driver = new NaiveDriver(memory, SIZE, RingDriver.IN_ORDER, BASE);
        SplitVirtqueue before = driver.queue(BASE);
        add(4);
        int a = take(before);
        int b = take(before);
        int c = take(before);
        before.complete(b, 0);
        before.complete(a, 0);
        before.publish();

        // cloud-hypervisor's base: what is available, as if all of it had been done.
        SplitVirtqueue after = driver.queue(driver.availableIndex());

        assertEquals(Resumption.CLEAN, after.resumption());
        assertEquals(c, take(after));
        assertEquals(later(3), after.base());
    }

    @Test
    void shouldSayHowManyNobodyKnowsOfWithoutARegion() throws InvalidRingException {
        SplitVirtqueue before = driver.queue(BASE);
        add(5);
        take(before);
        before.complete(take(before), 0);
        before.publish();

        SplitVirtqueue after = driver.queue(driver.availableIndex());

        assertEquals(new Resumption(false, 0, 4), after.resumption());
        assertFalse(after.next(chain));
        assertNull(after.fault());
    }

    @Test
    void shouldHaveRoomForPackedRingsToo() throws LinuxException {
        // 32 + 32 * 8 rounded up to 64.
        assertEquals(3 * 320, InflightRegion.sizeBytes(3, 8, true));
        try (InflightRegion packed = InflightRegion.create(3, 8, true)) {
            assertEquals(3 * 320 + 64, packed.sizeBytes());
        }
    }
}
