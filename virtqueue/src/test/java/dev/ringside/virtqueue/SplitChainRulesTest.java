package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.RingDriver.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for the chains and indices of a split ring, kept and broken. */
final class SplitChainRulesTest {
    private static final int SIZE = 8;
    private static final long DATA = TestMemory.HIGH;

    private TestMemory memory;
    private NaiveDriver driver;
    private SplitVirtqueue queue;
    private DescriptorChain chain;

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = new NaiveDriver(memory, SIZE, 0);
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
        assertEquals(0, queue.inFlight());
        assertEquals(0, queue.pending());
        assertFalse(queue.next(chain), "a stopped queue gives nothing");
    }

    private void offerOne(long address, long length, int flags, int next) {
        driver.descriptor(0, address, length, flags, next);
        driver.offer(0);
    }

    @Test
    void shouldStopWhenNextPointsBack() {
        driver.descriptor(0, DATA, 1, NaiveDriver.NEXT, 1);
        driver.descriptor(1, DATA, 1, NaiveDriver.NEXT, 0);
        driver.offer(0);

        assertFault(RingFault.DESCRIPTOR_LOOP);
    }

    @Test
    void shouldStopWhenNextPointsToItself() {
        offerOne(DATA, 1, NaiveDriver.NEXT, 0);

        assertFault(RingFault.DESCRIPTOR_LOOP);
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE, SIZE + 1, 0x7fff, 0x8000, 0xffff})
    void shouldStopWhenNextIsOutOfRange(int next) {
        offerOne(DATA, 1, NaiveDriver.NEXT, next);

        assertFault(RingFault.DESCRIPTOR_INDEX);
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE, SIZE + 1, 0x7fff, 0x8000, 0xffff})
    void shouldStopWhenTheHeadIsOutOfRange(int head) {
        driver.offer(head);

        assertFault(RingFault.HEAD_INDEX);
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE + 1, 0x7fff, 0x8000, 0xffff})
    void shouldStopWhenTheAvailableIndexJumps(int index) {
        driver.setAvailableIndex(index);

        assertEquals(0, queue.pending());
        assertFault(RingFault.AVAILABLE_INDEX);
    }

    @Test
    void shouldStopWhenTheAvailableIndexGoesBack() {
        driver.add(Buffer.readable(DATA, 1));
        driver.add(Buffer.readable(DATA, 1));
        assertTrue(queue.next(chain));
        assertTrue(queue.next(chain));
        driver.setAvailableIndex(1);

        assertFalse(queue.next(chain));

        assertEquals(RingFault.AVAILABLE_INDEX, queue.fault());
    }

    @Test
    void shouldStopWhenMoreIsAvailableThanTheDriverCanHave() {
        driver.add(Buffer.readable(DATA, 1));
        assertTrue(queue.next(chain));
        queue.complete(chain.head(), 0);

        // Completed, not published: the driver does not know that it may use the descriptor again.
        driver.setAvailableIndex(1 + SIZE);

        assertFalse(queue.next(chain));
        assertEquals(RingFault.AVAILABLE_INDEX, queue.fault());
    }

    @Test
    void shouldStopWhenAHeadIsOfferedTwice() {
        int head = driver.add(Buffer.readable(DATA, 1));
        driver.offer(head);
        assertTrue(queue.next(chain));

        assertFalse(queue.next(chain));

        assertEquals(RingFault.HEAD_IN_FLIGHT, queue.fault());
        assertEquals(1, queue.inFlight());
    }

    @Test
    void shouldCompleteAndPublishWhatWasTakenBeforeAFault() {
        driver.add(Buffer.writable(DATA, 8));
        driver.offer(0xffff);
        assertTrue(queue.next(chain));
        assertFalse(queue.next(chain));

        queue.complete(chain.head(), 8);
        assertTrue(queue.publish());

        assertEquals(new RingDriver.Used(0, 8), driver.poll());
        assertEquals(RingFault.HEAD_INDEX, queue.fault());
        assertFalse(queue.requestKicks());
        assertEquals(1, queue.base());
    }
}
