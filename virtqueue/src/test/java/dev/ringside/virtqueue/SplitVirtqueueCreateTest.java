package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a ring may lie, and how it goes on from a base. */
final class SplitVirtqueueCreateTest {
    private static final long LOW = TestMemory.user(TestMemory.LOW);
    private static final long HIGH = TestMemory.user(TestMemory.HIGH);

    private TestMemory memory;

    @BeforeEach
    void map() throws LinuxException {
        memory = new TestMemory();
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    private SplitVirtqueue create(int size, long descriptor, long driver, long device)
            throws InvalidRingException {
        RingLayout layout = new RingLayout(7, size, descriptor, driver, device);
        return SplitVirtqueue.create(layout, 0, NaiveDriver.EVENT_IDX, memory.memory());
    }

    private String refusal(int size, long descriptor, long driver, long device) {
        return String.valueOf(
                assertThrows(
                                InvalidRingException.class,
                                () -> create(size, descriptor, driver, device))
                        .getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 128, 1024, 32768})
    void shouldAcceptPowersOfTwo(int size) throws InvalidRingException {
        SplitVirtqueue queue = create(size, LOW, LOW + 0xa_0000, LOW + 0xc_0000);

        assertEquals(size, queue.size());
        assertEquals(7, queue.index());
        assertNull(queue.fault());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 3, 129, 65536, Integer.MIN_VALUE})
    void shouldRefuseOtherSizes(int size) {
        String message = refusal(size, LOW, LOW + 0xa_0000, LOW + 0xc_0000);

        assertTrue(message.contains("size " + size), message);
    }

    @Test
    void shouldRefuseMisalignedAreas() {
        assertTrue(refusal(8, LOW + 8, LOW + 0x1000, LOW + 0x2000).contains("descriptor area"));
        assertTrue(refusal(8, LOW, LOW + 0x1001, LOW + 0x2000).contains("driver area"));
        assertTrue(refusal(8, LOW, LOW + 0x1000, LOW + 0x2002).contains("device area"));
    }

    @Test
    void shouldRefuseAreasOutsideMemory() {
        long end = HIGH + TestMemory.HIGH_BYTES;

        assertTrue(refusal(8, end - 0x70, HIGH, HIGH + 0x100).contains("not within"));
        assertTrue(refusal(8, HIGH, end - 20, HIGH + 0x100).contains("not within"));
        assertTrue(refusal(8, HIGH, HIGH + 0x100, end - 64).contains("not within"));
        assertTrue(refusal(8, -16L, HIGH, HIGH + 0x100).contains("not within"));
        assertTrue(refusal(8, 0, HIGH, HIGH + 0x100).contains("not within"));
    }

    @Test
    void shouldAcceptAreasThatEndWhereMemoryEnds() throws InvalidRingException {
        long end = HIGH + TestMemory.HIGH_BYTES;

        assertNull(create(8, end - 0x80, HIGH, HIGH + 0x100).fault());
        assertNull(create(8, HIGH, end - 22, HIGH + 0x100).fault());
        assertNull(create(1, HIGH, HIGH + 0x100, end - 16).fault());
    }

    @Test
    void shouldAcceptAnAreaThatLeavesOutTheEventWhenNotNegotiated() throws InvalidRingException {
        long end = HIGH + TestMemory.HIGH_BYTES;
        RingLayout layout = new RingLayout(0, 8, HIGH, end - 20, HIGH + 0x100);

        assertNull(SplitVirtqueue.create(layout, 0, 0, memory.memory()).fault());
    }

    @Test
    void shouldRefuseOverlappingAreas() {
        assertTrue(refusal(8, LOW, LOW + 0x70, LOW + 0x1000).contains("overlap"));
        assertTrue(refusal(8, LOW, LOW + 0x1000, LOW).contains("overlap"));
        assertTrue(refusal(8, LOW, LOW + 0x1000, LOW + 0x1014).contains("overlap"));
        assertTrue(refusal(8, LOW + 0x20, LOW, LOW + 0x10).contains("overlap"));
    }

    @Test
    void shouldRefuseAreasAcrossRegions() {
        long middle = TestMemory.user(TestMemory.MIDDLE);

        assertTrue(refusal(8, middle - 0x40, LOW, LOW + 0x100).contains("not within one"));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65536, Integer.MAX_VALUE})
    void shouldRefuseABaseOfMoreThanSixteenBits(int base) {
        NaiveDriver driver = new NaiveDriver(memory, 8, 0);

        assertThrows(InvalidRingException.class, () -> driver.queue(base));
    }

    @Test
    void shouldRefuseAPackedRing() {
        NaiveDriver driver = new NaiveDriver(memory, 8, VirtioSpec.VIRTIO_F_RING_PACKED);

        assertThrows(InvalidRingException.class, driver::queue);
    }

    @Test
    void shouldStopAtOnceWhenTheUsedIndexContradictsTheBase() throws InvalidRingException {
        NaiveDriver driver = new NaiveDriver(memory, 8, 0, 100);

        SplitVirtqueue behind = driver.queue(99);
        SplitVirtqueue ahead = driver.queue(109);
        SplitVirtqueue most = driver.queue(108);

        assertEquals(RingFault.AVAILABLE_INDEX, behind.fault());
        assertEquals(RingFault.AVAILABLE_INDEX, ahead.fault());
        assertNull(most.fault());
    }

    @Test
    void shouldGoOnWhereItStopped() throws InvalidRingException {
        NaiveDriver driver = new NaiveDriver(memory, 8, 0, 65534);
        SplitVirtqueue first = driver.queue();
        DescriptorChain chain = new DescriptorChain(4);
        for (int i = 0; i < 3; i++) {
            driver.add(RingDriver.Buffer.readable(TestMemory.HIGH, 4));
        }
        assertTrue(first.next(chain));
        first.complete(chain.head(), 0);
        assertTrue(first.next(chain));
        first.complete(chain.head(), 0);
        first.publish();

        SplitVirtqueue second = driver.queue(first.base());

        assertEquals(0, first.base());
        assertEquals(1, second.pending());
        assertTrue(second.next(chain));
        assertEquals(2, chain.head());
        assertFalse(second.next(chain));
        assertNull(second.fault());
    }

    @Test
    void shouldGoOnInOtherMemory() throws InvalidRingException {
        NaiveDriver driver = new NaiveDriver(memory, 8, 0);
        SplitVirtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(4);
        driver.add(RingDriver.Buffer.readable(TestMemory.LOW + 0x1000, 4));
        driver.add(RingDriver.Buffer.readable(TestMemory.HIGH, 4));

        assertTrue(queue.remap(memory.without(TestMemory.HIGH)));

        assertTrue(queue.next(chain));
        assertFalse(queue.next(chain));
        assertEquals(RingFault.BUFFER_UNMAPPED, queue.fault());
    }

    @Test
    void shouldNotRememberARegionOfOtherMemory() throws InvalidRingException {
        NaiveDriver driver = new NaiveDriver(memory, 8, 0);
        SplitVirtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(4);
        driver.add(RingDriver.Buffer.readable(TestMemory.HIGH, 4));
        assertTrue(queue.next(chain));
        queue.complete(chain.head(), 0);

        assertTrue(queue.remap(memory.without(TestMemory.MIDDLE)));
        driver.add(RingDriver.Buffer.readable(TestMemory.HIGH, 4));
        assertTrue(queue.next(chain));
        assertEquals(memory.segment(TestMemory.HIGH), chain.segment(0));
        queue.complete(chain.head(), 0);

        assertTrue(queue.remap(memory.without(TestMemory.HIGH)));
        driver.add(RingDriver.Buffer.readable(TestMemory.HIGH, 4));
        assertFalse(queue.next(chain));
        assertEquals(RingFault.BUFFER_UNMAPPED, queue.fault());
    }

    @Test
    void shouldNotTouchTheRingWhenItIsGone() throws InvalidRingException {
        NaiveDriver driver = new NaiveDriver(memory, 8, 0);
        SplitVirtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(4);
        int head = driver.add(RingDriver.Buffer.readable(TestMemory.HIGH, 4));
        assertTrue(queue.next(chain));

        assertFalse(queue.remap(memory.without(TestMemory.LOW)));
        queue.complete(head, 0);
        queue.suppressKicks();

        assertEquals(RingFault.MEMORY_GONE, queue.fault());
        assertFalse(queue.publish());
        assertFalse(queue.requestKicks());
        assertFalse(queue.remap(memory.memory()));
        assertEquals(0, queue.inFlight());
        assertEquals(0, driver.deviceIndex());
        assertEquals(0, memory.getShort(driver.usedFlagsAddress()));
    }
}
