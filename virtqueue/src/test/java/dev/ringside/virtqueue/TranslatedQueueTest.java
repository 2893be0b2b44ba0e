package dev.ringside.virtqueue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.DirtyLog;
import dev.ringside.shm.Fd;
import dev.ringside.shm.Iotlb;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A split ring behind an IOMMU: every address that the driver uses is another one in memory. */
class TranslatedQueueTest {
    private static final long PAGE = Iotlb.PAGE_BYTES;
    private static final int SIZE = 8;
    private static final long RING = 0x8000_0000_0000_0000L;
    private static final long DATA = 0xffff_f000L;

    /** Where the ring and page i of the data really are. */
    private static final long RING_AT = TestMemory.LOW;

    private static final int AVAILABLE = 1024;
    private static final int USED = 2048;

    private final List<String> asked = new ArrayList<>();
    private final DescriptorChain chain = new DescriptorChain(64);
    private TestMemory memory;
    private Iotlb table;
    private SplitVirtqueue queue;
    private int availableIndex;

    @BeforeEach
    void makeQueue() throws Exception {
        memory = new TestMemory();
        table = Iotlb.over(memory.memory());
        translate(RING, RING_AT, Iotlb.READ_WRITE);
        queue =
                SplitVirtqueue.create(
                        new RingLayout(3, SIZE, RING, RING + AVAILABLE, RING + USED),
                        0,
                        VirtioSpec.VIRTIO_F_VERSION_1
                                | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC
                                | VirtioSpec.VIRTIO_F_ACCESS_PLATFORM,
                        table.memory(List.of()));
        queue.onMiss(
                (index, pages, access) -> {
                    assertEquals(3, index);
                    for (int i = 0; i < pages.length; i++) {
                        asked.add(Long.toHexString(pages[i]) + ":" + access[i]);
                    }
                });
    }

    @AfterEach
    void close() {
        memory.close();
    }

    private void translate(long iova, long guest, int access) {
        table = table.with(iova, PAGE, TestMemory.user(guest), access);
    }

    /** Page i of the data lies at another place each. */
    private static long at(int i) {
        return TestMemory.LOW + 0x10_0000 - 2L * i * PAGE;
    }

    private void remap() {
        assertTrue(queue.remap(table.memory(List.of())));
    }

    private void descriptor(int i, long address, int length, int flags, int next) {
        long at = RING_AT + 16L * i;
        memory.putLong(at, address);
        memory.putInt(at + 8, length);
        memory.putShort(at + 12, flags);
        memory.putShort(at + 14, next);
    }

    private void offer(int head) {
        memory.putShort(RING_AT + AVAILABLE + 4 + 2L * (availableIndex % SIZE), head);
        memory.putShort(RING_AT + AVAILABLE + 2, ++availableIndex);
    }

    @Test
    void shouldAskForAllThatAChainLacksOnceAndTakeItWhenItIsThere() {
        descriptor(0, DATA + 8, 16, NaiveDriver.NEXT, 1);
        descriptor(1, DATA + PAGE + 100, (int) (2 * PAGE), NaiveDriver.WRITE, 0);
        offer(0);

        assertEquals(1, queue.pending());
        assertFalse(queue.next(chain));
        assertEquals(List.of("fffff000:1", "100000000:2", "100001000:2", "100002000:2"), asked);
        assertEquals(0, queue.pending());
        assertFalse(queue.next(chain));
        assertFalse(queue.requestKicks());
        assertEquals(4, asked.size());

        for (int i = 0; i < 4; i++) {
            translate(DATA + i * PAGE, at(i), Iotlb.READ_WRITE);
        }
        remap();
        assertTrue(queue.next(chain));
        assertEquals(4, asked.size());
        assertArrayEquals(
                new long[] {16, 2 * PAGE},
                new long[] {chain.readableBytes(), chain.writableBytes()});
        assertEquals(4, chain.count());
        byte[] pattern = new byte[(int) (2 * PAGE)];
        for (int i = 0; i < pattern.length; i++) {
            pattern[i] = (byte) (i / 64 + 1);
        }
        chain.copyTo(0, pattern, 0, pattern.length);
        for (int i = 0; i < pattern.length; i++) {
            long offset = PAGE + 100 + i;
            assertEquals(
                    pattern[i], memory.getByte(at((int) (offset / PAGE)) + offset % PAGE), "" + i);
        }
        assertNull(queue.fault());
    }

    @Test
    void shouldAskForAnIndirectTableAndThenForWhatItNames() {
        descriptor(0, DATA, 32, NaiveDriver.INDIRECT, 0);
        memory.putLong(at(0), DATA + PAGE);
        memory.putInt(at(0) + 8, 512);
        memory.putShort(at(0) + 12, NaiveDriver.NEXT);
        memory.putShort(at(0) + 14, 1);
        memory.putLong(at(0) + 16, DATA + 2 * PAGE);
        memory.putInt(at(0) + 24, 1);
        memory.putShort(at(0) + 28, NaiveDriver.WRITE);
        offer(0);

        assertFalse(queue.next(chain));
        translate(DATA, at(0), Iotlb.READ);
        remap();
        assertFalse(queue.next(chain));
        translate(DATA + PAGE, at(1), Iotlb.READ);
        translate(DATA + 2 * PAGE, at(2), Iotlb.WRITE);
        remap();

        assertTrue(queue.next(chain));
        assertEquals(List.of("fffff000:1", "100000000:1", "100001000:2"), asked);
    }

    @Test
    void shouldAskForWritingWhenAPageMayOnlyBeRead() {
        translate(DATA, at(0), Iotlb.READ);
        remap();
        descriptor(0, DATA, 64, NaiveDriver.WRITE, 0);
        offer(0);

        assertFalse(queue.next(chain));
        assertEquals(List.of("fffff000:2"), asked);

        queue.fail(RingFault.ACCESS_DENIED);
        remap();
        assertFalse(queue.next(chain));
        assertEquals(1, asked.size());
    }

    @Test
    void shouldTouchItsRingAndWhatIsInFlightAndNothingElse() {
        translate(DATA, at(0), Iotlb.READ_WRITE);
        translate(DATA + PAGE, at(1), Iotlb.READ_WRITE);
        remap();
        descriptor(2, DATA + 16, 16, NaiveDriver.NEXT, 3);
        descriptor(3, DATA + PAGE, 1, NaiveDriver.WRITE, 0);
        offer(2);
        assertFalse(queue.touches(DATA, DATA + 2 * PAGE));
        assertTrue(queue.next(chain));

        assertTrue(queue.touches(0, -1));
        assertTrue(queue.touches(RING, RING + PAGE - 1));
        assertTrue(queue.touches(RING + USED, RING + USED));
        assertFalse(queue.touches(RING + 3000, RING + PAGE - 1));
        assertFalse(queue.touches(DATA, DATA + 15));
        assertTrue(queue.touches(DATA, DATA + 16));
        assertTrue(queue.touches(DATA + 31, DATA + 31));
        assertFalse(queue.touches(DATA + 32, DATA + PAGE - 1));
        assertTrue(queue.touches(DATA + PAGE, DATA + PAGE));
        assertFalse(queue.touches(DATA + PAGE + 1, DATA + 100 * PAGE));

        queue.giveBack(2);
        assertFalse(queue.touches(DATA, DATA + 2 * PAGE));
        assertTrue(queue.next(chain));
        queue.complete(2, 1);
        assertFalse(queue.touches(DATA, DATA + 2 * PAGE));
    }

    @Test
    void shouldRestWhileItsRingIsNotTranslated() {
        translate(DATA, at(0), Iotlb.READ_WRITE);
        remap();
        descriptor(0, DATA, 16, 0, 0);
        offer(0);
        assertTrue(queue.next(chain));
        queue.complete(0, 0);
        assertTrue(queue.publish());

        Iotlb before = table;
        table = table.without(RING, RING + PAGE - 1);
        remap();
        offer(0);
        byte[] ring = memory.getBytes(RING_AT, (int) PAGE);
        queue.suppressKicks();
        assertFalse(queue.requestKicks());
        assertFalse(queue.next(chain));
        assertFalse(queue.publish());
        assertArrayEquals(ring, memory.getBytes(RING_AT, (int) PAGE));
        assertNull(queue.fault());

        table = before;
        remap();
        assertTrue(queue.next(chain));
        assertEquals(List.of(), asked);
    }

    @Test
    void shouldAskForAHugeBufferInParts() {
        descriptor(0, DATA, 1 << 20, NaiveDriver.WRITE, 0);
        offer(0);

        assertFalse(queue.next(chain));
        assertEquals(IoAccess.MAX_MISSES, asked.size());
    }

    @Test
    void shouldStopWhenABufferWraps() {
        descriptor(0, -8, 16, NaiveDriver.WRITE, 0);
        offer(0);

        assertFalse(queue.next(chain));
        assertEquals(RingFault.BUFFER_UNMAPPED, queue.fault());
        assertEquals(List.of(), asked);
    }

    /** Front-ends collect marks by guest physical address; what they tell is the driver's. */
    @Test
    void shouldLogItsRingWhereItLies() throws Exception {
        long logBytes = (TestMemory.HIGH + TestMemory.HIGH_BYTES) / PAGE / 8;
        translate(DATA, at(0), Iotlb.READ_WRITE);
        remap();
        try (Fd file = Memfd.create("ringside-log", logBytes);
                MemoryRegion shown = MemoryRegion.map(file.duplicate(), 0, 0, logBytes, 0);
                DirtyLog log = DirtyLog.map(file.duplicate(), logBytes, 0)) {
            queue.log(new QueueLog(log, true, true, RING + USED, null));
            descriptor(0, DATA, 16, NaiveDriver.WRITE, 0);
            offer(0);
            assertTrue(queue.next(chain));
            queue.complete(0, 16);
            assertTrue(queue.publish());

            assertNull(queue.fault());
            BitSet expected = new BitSet();
            expected.set((int) (RING_AT / PAGE));
            expected.set((int) (at(0) / PAGE));
            assertEquals(expected, BitSet.valueOf(shown.segment().toArray(JAVA_BYTE)));
            queue.log(null);
        }
    }
}
