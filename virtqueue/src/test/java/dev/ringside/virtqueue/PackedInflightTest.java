package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.RingDriver.Buffer;
import dev.ringside.virtqueue.RingDriver.Used;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a packed queue notes in its in-flight region, and what it makes of one that it finds. */
final class PackedInflightTest {
    private static final int SIZE = 6;
    private static final int ENTRIES = 8;
    private static final long QUEUE_BYTES = 320;
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

    private final DescriptorChain chain = new DescriptorChain(SIZE);
    private TestMemory memory;
    private NaivePackedDriver driver;
    private InflightRegion region;
    private MemoryRegion view;
    private MemorySegment notes;

    @BeforeEach
    void map() throws LinuxException {
        memory = new TestMemory();
        driver = new NaivePackedDriver(memory, SIZE, 0, 4, false);
        region = InflightRegion.create(4, ENTRIES, true);
        assertEquals(4 * QUEUE_BYTES + 64, region.sizeBytes());
        view = MemoryRegion.map(region.fd().duplicate(), 0, 0, region.sizeBytes(), 0);
        notes = view.segment().asSlice(3 * QUEUE_BYTES, QUEUE_BYTES);
    }

    @AfterEach
    void unmap() {
        view.close();
        region.close();
        memory.close();
    }

    private PackedVirtqueue queue(int base) throws InvalidRingException {
        return PackedVirtqueue.create(
                driver.layout(), base, driver.features, memory.memory(), region);
    }

    private int u16(long offset) {
        return Short.toUnsignedInt(notes.get(U16, offset));
    }

    private int take(Virtqueue queue) {
        assertTrue(queue.next(chain), () -> "fault " + queue.fault());
        return chain.head();
    }

    @Test
    void shouldBeginWhereAFreshRegionIsGiven() throws InvalidRingException {
        notes.fill((byte) -1);
        notes.set(U16, 8, (short) 0);

        PackedVirtqueue queue = queue(driver.base());

        assertEquals(new Resumption(true, 0, 0), queue.resumption());
        assertEquals(driver.base(), queue.base());
        assertEquals(1, u16(8));
        assertEquals(ENTRIES, u16(10));
        assertEquals(0, u16(12));
        assertEquals(0, u16(14));
        assertEquals(4, u16(16));
        assertEquals(4, u16(18));
        assertEquals(0, u16(20));
        assertEquals(0, notes.get(U64, 0));
        assertEquals(ENTRIES, u16(32 + 32 * 7 + 2), "the end of the list of free entries");
    }

    @Test
    void shouldNoteAChainWithItsDescriptors() throws InvalidRingException {
        PackedVirtqueue queue = queue(driver.base());
        driver.add(Buffer.writable(TestMemory.HIGH, 7));
        take(queue);
        int id = driver.add(Buffer.readable(TestMemory.HIGH, 64), Buffer.writable(0x10_0000, 9));
        take(queue);

        long entry = 32 + 32;
        assertEquals(3, u16(12));
        assertEquals(1, notes.get(ValueLayout.JAVA_BYTE, entry));
        assertEquals(2, u16(entry + 2));
        assertEquals(2, u16(entry + 4));
        assertEquals(2, u16(entry + 6));
        assertEquals(1, notes.get(U64, entry + 8));
        assertEquals(TestMemory.HIGH, notes.get(U64, entry + 24));
        assertEquals(id, u16(entry + 32 + 16));
        assertEquals(RingDriver.WRITE, u16(entry + 32 + 18) & RingDriver.WRITE);
        assertEquals(9, notes.get(ValueLayout.JAVA_INT_UNALIGNED, entry + 32 + 20));
    }

    @Test
    void shouldDoAgainWhatUsedDescriptorsHaveOverwritten() throws InvalidRingException {
        PackedVirtqueue lost = queue(driver.base());
        int first = driver.add(Collections.nCopies(2, Buffer.writable(TestMemory.HIGH, 10)));
        int second = driver.add(Buffer.writable(TestMemory.HIGH, 20));
        int third = driver.add(Buffer.writable(TestMemory.HIGH, 30));
        for (int i = 0; i < 3; i++) {
            take(lost);
        }
        // Over the first chain's descriptors.
        lost.complete(third, 3);
        lost.publish();
        assertEquals(new Used(third, 3), driver.poll());

        PackedVirtqueue queue = queue(PackedBase.START);

        assertEquals(new Resumption(true, 2, 0), queue.resumption());
        assertEquals(2, queue.pending());
        assertEquals(first, take(queue));
        assertEquals(20, chain.writableBytes());
        assertEquals(second, take(queue));
        queue.giveBack(second);
        assertEquals(second, take(queue));
        queue.complete(first, 1);
        queue.complete(second, 2);
        assertTrue(queue.publish());
        assertEquals(new Used(first, 1), driver.poll());
        assertEquals(new Used(second, 2), driver.poll());
        assertEquals(driver.base(), queue.base());
    }

    @Test
    void shouldHideWhatWasCompletedAndNotPublished() throws InvalidRingException {
        PackedVirtqueue lost = queue(driver.base());
        int[] ids = new int[3];
        for (int i = 0; i < 3; i++) {
            ids[i] = driver.add(Buffer.writable(TestMemory.HIGH, 10));
            take(lost);
        }
        for (int id : ids) {
            lost.complete(id, 1);
        }

        PackedVirtqueue queue = queue(PackedBase.START);
        assertEquals(3, queue.resumption().replayed());
        take(queue);
        queue.complete(ids[0], 5);
        queue.publish();

        assertEquals(new Used(ids[0], 5), driver.poll());
        assertNull(driver.poll(), "the others are being done again");
    }

    @Test
    void shouldStartAnewInARegionWhereItHasEnded() throws InvalidRingException {
        PackedVirtqueue ended = queue(driver.base());
        int id = driver.add(Buffer.writable(TestMemory.HIGH, 10));
        take(ended);
        ended.complete(id, 1);
        ended.publish();
        assertEquals(ended.base(), queue(PackedBase.START).base(), "another back-end's word");

        region.ended(3);

        assertEquals(PackedBase.START, queue(PackedBase.START).base());
        assertEquals(0, u16(16));
        assertEquals(0x0101, u16(20));
    }

    @Test
    void shouldRefuseARegionOfAnotherKind() throws InvalidRingException {
        queue(driver.base());
        notes.set(U16, 8, (short) 2);
        assertThrows(InvalidRingException.class, () -> queue(driver.base()));
        notes.set(U16, 8, (short) 1);
        notes.set(U16, 10, (short) 7);
        assertThrows(InvalidRingException.class, () -> queue(driver.base()));
        notes.set(U16, 10, (short) ENTRIES);
        notes.set(U64, 0, 1L);
        assertThrows(InvalidRingException.class, () -> queue(driver.base()));
    }

    @Test
    void shouldBearNotesOfAnyContent() throws InvalidRingException {
        RandomGenerator random = TestSeed.generator("shouldBearNotesOfAnyContent");
        int faults = 0;
        for (int round = 0; round < 20_000; round++) {
            driver = new NaivePackedDriver(memory, SIZE, 0);
            notes.set(U16, 8, (short) 0);
            PackedVirtqueue lost = queue(driver.base());
            for (int i = 0; i < 4; i++) {
                driver.add(Buffer.writable(TestMemory.HIGH, 10));
            }
            for (int i = random.nextInt(4); i >= 0; i--) {
                take(lost);
            }
            for (int i = random.nextInt(6); i >= 0; i--) {
                spoil(random);
            }
            PackedVirtqueue queue = queue(driver.base());
            for (int i = random.nextInt(3); i > 0; i--) {
                spoil(random);
            }
            while (queue.next(chain)) {
                queue.complete(chain.head(), 0);
                queue.publish();
            }
            faults += queue.fault() == null ? 0 : 1;
        }
        assertTrue(faults > 1_000, "faults: " + faults);
    }

    /** Any field but version, desc_num and features, which say whether it is a region at all. */
    private void spoil(RandomGenerator random) {
        long offset = random.nextLong(12, QUEUE_BYTES - 2);
        int value = random.nextBoolean() ? random.nextInt(10) : random.nextInt(65536);
        notes.set(U16, offset, (short) value);
    }
}
