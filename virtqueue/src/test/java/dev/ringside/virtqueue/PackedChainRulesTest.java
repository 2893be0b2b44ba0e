package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.RingDriver.Buffer;
import dev.ringside.virtqueue.RingDriver.Used;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for the chains of a packed ring, kept and broken. */
final class PackedChainRulesTest {
    private static final int SIZE = 7;
    private static final long DATA = TestMemory.HIGH;
    private static final long TABLE = TestMemory.LOW + 0x1_0000;
    private static final int NEXT = RingDriver.NEXT;
    private static final int WRITE = RingDriver.WRITE;
    private static final int INDIRECT = RingDriver.INDIRECT;

    private TestMemory memory;
    private NaivePackedDriver driver;
    private PackedVirtqueue queue;
    private DescriptorChain chain;

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = new NaivePackedDriver(memory, SIZE, RingDriver.INDIRECT_DESC, 5, true);
        queue = driver.queue();
        chain = new DescriptorChain(queue.maxChainEntries());
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    private void assertFault(RingFault fault) {
        assertFalse(queue.next(chain));
        assertEquals(fault, queue.fault());
        assertEquals(0, chain.count());
        assertEquals(0, queue.pending());
        assertFalse(queue.next(chain), "a stopped queue gives nothing");
    }

    @Test
    void shouldFollowAChainOverTheEndOfTheRing() {
        int id =
                driver.add(
                        Buffer.readable(DATA, 1),
                        Buffer.readable(DATA + 10, 2),
                        Buffer.writable(DATA + 20, 3),
                        Buffer.writable(DATA + 30, 4));

        assertTrue(queue.next(chain));

        assertEquals(id, chain.head());
        assertEquals(4, chain.count());
        assertEquals(20, chain.offset(2));
        assertEquals(new PackedBase(2, false, 5, true).bits(), queue.base());
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE, SIZE + 1, 0x7fff, 0x8000, 0xffff})
    void shouldStopWhenTheBufferIdIsOutOfRange(int id) {
        driver.offer(DATA, 1, id, 0);

        assertFault(RingFault.HEAD_INDEX);
    }

    @Test
    void shouldStopWhenABufferIdIsInFlight() {
        driver.offer(DATA, 1, 3, 0);
        driver.offer(DATA, 1, 3, 0);
        assertTrue(queue.next(chain));

        assertFault(RingFault.HEAD_IN_FLIGHT);
        assertEquals(1, queue.inFlight());
    }

    @Test
    void shouldStopWhenABufferIdIsCompletedButNotPublishedInOrder() throws InvalidRingException {
        driver = new NaivePackedDriver(memory, SIZE, RingDriver.IN_ORDER);
        queue = driver.queue();
        driver.offer(DATA, 1, 1, 0);
        driver.offer(DATA, 1, 3, 0);
        driver.offer(DATA, 1, 3, 0);
        assertTrue(queue.next(chain));
        assertTrue(queue.next(chain));
        queue.complete(3, 0);

        assertFault(RingFault.HEAD_IN_FLIGHT);
    }

    @Test
    void shouldStopWhenAChainHasNoEnd() {
        for (int i = 0; i < SIZE; i++) {
            driver.offer(DATA, 1, i, NEXT);
        }

        assertFault(RingFault.DESCRIPTOR_LOOP);
    }

    @Test
    void shouldStopWhenAChainRunsIntoWhatIsInFlight() {
        driver.add(Collections.nCopies(3, Buffer.readable(DATA, 1)));
        assertTrue(queue.next(chain));
        for (int i = 0; i < SIZE - 3; i++) {
            driver.offer(DATA, 1, 6, NEXT);
        }

        assertFault(RingFault.AVAILABLE_INDEX);
        assertEquals(1, queue.inFlight());
    }

    @Test
    void shouldStopWhenAChainRunsIntoWhatIsNotAvailable() {
        driver.offer(DATA, 1, 0, NEXT);

        assertFault(RingFault.DESCRIPTOR_NOT_AVAILABLE);
    }

    @Test
    void shouldStopWhenAChainKeepsTheWrapCounterOverTheEnd() {
        int flags = driver.availableBits();
        driver.offer(DATA, 1, 0, NEXT);
        driver.offer(DATA, 1, 0, NEXT);
        driver.offer(DATA, 1, 0, 0);
        driver.putFlags(0, flags);

        assertFault(RingFault.DESCRIPTOR_NOT_AVAILABLE);
    }

    @Test
    void shouldStopWhenMoreIsAvailableThanTheDriverCanHave() {
        for (int i = 0; i < SIZE; i++) {
            driver.offer(DATA, 1, i, 0);
        }
        for (int i = 0; i < SIZE; i++) {
            assertTrue(queue.next(chain));
        }
        queue.complete(0, 0);
        assertFalse(queue.next(chain));
        assertNull(queue.fault());

        // Completed, not published: the driver does not know that it may use the slot again.
        driver.offer(DATA, 1, 0, 0);

        assertFalse(queue.next(chain));
        assertEquals(RingFault.AVAILABLE_INDEX, queue.fault());
    }

    @Test
    void shouldTakeNothingWhenTheDriverTakesADescriptorBack() {
        int slot = driver.nextSlot();
        driver.offer(DATA, 1, 0, 0);
        assertEquals(1, queue.pending());

        driver.putFlags(slot, 0);

        assertFault(RingFault.DESCRIPTOR_NOT_AVAILABLE);
    }

    @Test
    void shouldTakeWhatIsThereWhenAChainChangesAfterItWasSeen() {
        int slot = driver.nextSlot();
        int available = driver.availableBits();
        driver.offer(DATA, 1, 0, NEXT);
        driver.offer(DATA, 1, 1, 0);
        driver.offer(DATA, 1, 2, 0);
        assertEquals(2, queue.pending());

        driver.putFlags(slot, available);

        for (int id = 0; id < 3; id++) {
            assertTrue(queue.next(chain));
            assertEquals(id, chain.head());
        }
        assertFalse(queue.next(chain));
        assertNull(queue.fault());
    }

    @Test
    void shouldTakeNothingFromARingThatIsAllZeroes() throws InvalidRingException {
        driver = new NaivePackedDriver(memory, SIZE, 0);
        queue = driver.queue();

        assertFalse(queue.next(chain));
        assertNull(queue.fault());
    }

    @Test
    void shouldSkipTheDescriptorsOfAChainWhenItIsUsed() {
        int first = driver.add(Collections.nCopies(4, Buffer.writable(DATA, 8)));
        int second = driver.add(Collections.nCopies(2, Buffer.writable(DATA, 8)));
        assertTrue(queue.next(chain));
        assertTrue(queue.next(chain));

        queue.complete(second, 2);
        queue.complete(first, 1);
        queue.publish();

        assertEquals(new Used(second, 2), driver.poll());
        assertEquals(new Used(first, 1), driver.poll());
        assertEquals(driver.base(), queue.base());
    }

    @Test
    void shouldCompleteAndPublishWhatWasTakenBeforeAFault() {
        int id = driver.add(Buffer.writable(DATA, 8));
        driver.offer(DATA, 1, 0xffff, 0);
        assertTrue(queue.next(chain));
        assertFalse(queue.next(chain));

        queue.complete(id, 8);
        assertTrue(queue.publish());

        assertEquals(new Used(id, 8), driver.poll());
        assertEquals(RingFault.HEAD_INDEX, queue.fault());
        assertFalse(queue.requestKicks());
    }

    @Test
    void shouldIgnoreWhatIsReservedInATable() {
        driver.writeDescriptor(TABLE, DATA, 8, 0xffff, 0xffff & ~WRITE);
        driver.writeDescriptor(TABLE + 16, DATA + 8, 4, 9, WRITE);
        driver.offer(TABLE, 32, 4, INDIRECT | WRITE);

        assertTrue(queue.next(chain));

        assertEquals(4, chain.head());
        assertEquals(8, chain.readableBytes());
        assertEquals(4, chain.writableBytes());
    }

    @Test
    void shouldStopWhenATableFollowsADescriptor() {
        driver.writeDescriptor(TABLE, DATA, 8, 0, 0);
        driver.offer(DATA, 1, 0, NEXT);
        driver.offer(TABLE, 16, 0, INDIRECT);

        assertFault(RingFault.INDIRECT_CHAINED);
    }

    @Test
    void shouldStopWhenATableIsFollowed() {
        driver.writeDescriptor(TABLE, DATA, 8, 0, 0);
        driver.offer(TABLE, 16, 0, INDIRECT | NEXT);
        driver.offer(DATA, 1, 0, 0);

        assertFault(RingFault.INDIRECT_CHAINED);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 15, 17, 0xffff_ffffL})
    void shouldStopWhenTheLengthOfATableIsNotWhole(long length) {
        driver.offer(TABLE, length, 0, INDIRECT);

        assertFault(RingFault.INDIRECT_LENGTH);
    }

    @ParameterizedTest
    @ValueSource(
            longs = {0, TestMemory.LOW - 16, TestMemory.HOLE - 16, Long.MIN_VALUE, -1, -32, -16})
    void shouldStopWhenTheTableIsNotAllInMemory(long address) {
        driver.offer(address, 32, 0, INDIRECT);

        assertFault(RingFault.INDIRECT_UNMAPPED);
    }
}
