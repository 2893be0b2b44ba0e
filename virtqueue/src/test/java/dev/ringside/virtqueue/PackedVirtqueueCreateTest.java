package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.RingDriver.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a packed ring may lie, and how it goes on from a base. */
final class PackedVirtqueueCreateTest {
    private static final long LOW = TestMemory.user(TestMemory.LOW);
    private static final long HIGH = TestMemory.user(TestMemory.HIGH);

    private TestMemory memory;
    private final DescriptorChain chain = new DescriptorChain(4);

    @BeforeEach
    void map() throws LinuxException {
        memory = new TestMemory();
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    private PackedVirtqueue create(int size, int base, long descriptor, long driver, long device)
            throws InvalidRingException {
        RingLayout layout = new RingLayout(7, size, descriptor, driver, device);
        return PackedVirtqueue.create(layout, base, 0, memory.memory(), null);
    }

    private String refusal(int size, int base, long descriptor, long driver, long device) {
        return String.valueOf(
                assertThrows(
                                InvalidRingException.class,
                                () -> create(size, base, descriptor, driver, device))
                        .getMessage());
    }

    private String refusedBase(int base) {
        return refusal(8, base, LOW, LOW + 0x1000, LOW + 0x2000);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 129, 1000, 32767, 32768})
    void shouldAcceptAnySize(int size) throws InvalidRingException {
        PackedVirtqueue queue = create(size, PackedBase.START, LOW, LOW + 0xa_0000, LOW + 0xa_0004);

        assertEquals(size, queue.size());
        assertEquals(PackedBase.START, queue.base());
        assertNull(queue.fault());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 32769, 65536, Integer.MIN_VALUE})
    void shouldRefuseOtherSizes(int size) {
        String message = refusal(size, PackedBase.START, LOW, LOW + 0xa_0000, LOW + 0xc_0000);

        assertTrue(message.contains("size " + size), message);
    }

    @Test
    void shouldRefuseAreasThatCannotBe() {
        int start = PackedBase.START;
        long end = HIGH + TestMemory.HIGH_BYTES;

        assertTrue(refusal(8, start, LOW + 8, HIGH, HIGH + 4).contains("descriptor area"));
        assertTrue(refusal(8, start, LOW, HIGH + 2, HIGH + 8).contains("driver area"));
        assertTrue(refusal(8, start, LOW, HIGH, HIGH + 6).contains("device area"));
        assertTrue(refusal(8, start, end - 0x70, HIGH, HIGH + 4).contains("not within"));
        assertTrue(refusal(8, start, LOW, end, HIGH).contains("not within"));
        assertTrue(refusal(8, start, LOW, HIGH, HIGH).contains("overlap"));
        assertTrue(refusal(8, start, LOW, LOW + 0x7c, HIGH).contains("overlap"));
        assertTrue(refusal(8, start, LOW, HIGH, LOW + 0x7c).contains("overlap"));
    }

    @Test
    void shouldBeMadeByTheFactory() throws InvalidRingException {
        RingLayout layout = new RingLayout(0, 8, LOW, LOW + 0x1000, LOW + 0x2000);
        long packed = VirtioSpec.VIRTIO_F_RING_PACKED;

        assertInstanceOf(
                PackedVirtqueue.class,
                Virtqueues.create(layout, Virtqueues.startBase(packed), packed, memory.memory()));
        assertInstanceOf(
                SplitVirtqueue.class,
                Virtqueues.create(layout, Virtqueues.startBase(0), 0, memory.memory()));
    }

    @Test
    void shouldRefuseBasesOutsideTheRing() {
        assertTrue(refusedBase(0x8000_8008).contains("0x80008008"));
        assertTrue(refusedBase(0x8008_8000).contains("0x80088000"));
        assertTrue(refusedBase(0x8001_8000).contains("0x80018000"), "used more than was taken");
        assertTrue(refusedBase(0x8000_0001).contains("0x80000001"), "taken more than there is");
    }

    @Test
    void shouldUnderstandABaseWithoutAnUpperHalf() throws InvalidRingException {
        PackedVirtqueue queue = create(8, 0x8000, LOW, LOW + 0x1000, LOW + 0x2000);

        assertEquals(PackedBase.START, queue.base());
    }

    @ParameterizedTest
    @ValueSource(ints = {0x8000_8000, 0x8003_8003, 0x0007_0007, 0x8006_0002, 0x0000_0000})
    void shouldTellTheBaseThatItWasGiven(int base) throws InvalidRingException {
        assertEquals(base, create(8, base, LOW, LOW + 0x1000, LOW + 0x2000).base());
    }

    @Test
    void shouldGoOnWhereItStopped() throws InvalidRingException {
        NaivePackedDriver driver = new NaivePackedDriver(memory, 5, 0, 3, true);
        Virtqueue first = driver.queue();
        for (int i = 0; i < 4; i++) {
            driver.add(Buffer.readable(TestMemory.HIGH, 4));
        }
        for (int i = 0; i < 3; i++) {
            assertTrue(first.next(chain));
            first.complete(chain.head(), 0);
        }
        first.publish();

        Virtqueue second = driver.queue(first.base());

        assertEquals(new PackedBase(1, false, 1, false).bits(), first.base());
        assertEquals(1, second.pending());
        assertTrue(second.next(chain));
        assertEquals(3, chain.head());
        assertFalse(second.next(chain));
        assertNull(second.fault());
    }

    @Test
    void shouldLeaveOutWhatWasTakenBeforeTheBase() throws InvalidRingException {
        NaivePackedDriver driver = new NaivePackedDriver(memory, 5, 0);
        int lost = driver.add(Buffer.readable(TestMemory.HIGH, 4));
        int kept = driver.add(Buffer.readable(TestMemory.HIGH, 4));
        PackedBase base = new PackedBase(1, true, 0, true);

        Virtqueue queue = driver.queue(base.bits());

        assertTrue(queue.next(chain));
        assertEquals(kept, chain.head());
        queue.complete(kept, 0);
        queue.publish();
        assertEquals(new RingDriver.Used(kept, 0), driver.poll());
        assertEquals(0, lost);
    }

    @Test
    void shouldTakeAgainWhatWasTakenInOrderBeforeTheBase() throws InvalidRingException {
        NaivePackedDriver driver = new NaivePackedDriver(memory, 5, RingDriver.IN_ORDER);
        int first = driver.add(Buffer.readable(TestMemory.HIGH, 4));
        driver.add(Buffer.readable(TestMemory.HIGH, 4));
        PackedBase base = new PackedBase(2, true, 0, true);

        Virtqueue queue = driver.queue(base.bits());

        assertTrue(queue.next(chain));
        assertEquals(first, chain.head());
        assertTrue(queue.next(chain));
    }

    @Test
    void shouldNotTouchTheRingWhenItIsGone() throws InvalidRingException {
        NaivePackedDriver driver = new NaivePackedDriver(memory, 8, 0);
        Virtqueue queue = driver.queue();
        int head = driver.add(Buffer.readable(TestMemory.HIGH, 4));
        assertTrue(queue.next(chain));

        assertFalse(queue.remap(memory.without(TestMemory.LOW)));
        queue.complete(head, 0);
        queue.suppressKicks();

        assertEquals(RingFault.MEMORY_GONE, queue.fault());
        assertFalse(queue.publish());
        assertFalse(queue.requestKicks());
        assertFalse(queue.remap(memory.memory()));
        assertEquals(0, queue.inFlight());
        assertFalse(driver.usedWaits());
        assertEquals(0, memory.getInt(driver.deviceEventAddress()));
    }

    @Test
    void shouldGoOnInOtherMemory() throws InvalidRingException {
        NaivePackedDriver driver = new NaivePackedDriver(memory, 8, 0);
        Virtqueue queue = driver.queue();
        driver.add(Buffer.readable(TestMemory.LOW + 0x1000, 4));
        driver.add(Buffer.readable(TestMemory.HIGH, 4));

        assertTrue(queue.remap(memory.without(TestMemory.HIGH)));

        assertTrue(queue.next(chain));
        assertFalse(queue.next(chain));
        assertEquals(RingFault.BUFFER_UNMAPPED, queue.fault());
    }
}
