package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.RingDriver.Buffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for direct chains that both layouts share, kept and broken. */
@ParameterizedClass
@EnumSource(RingKind.class)
final class ChainRulesTest {
    private static final int SIZE = 8;
    private static final long DATA = TestMemory.HIGH;

    private final RingKind kind;
    private TestMemory memory;
    private RingDriver driver;
    private Virtqueue queue;
    private DescriptorChain chain;

    ChainRulesTest(RingKind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = kind.driver(memory, SIZE, 0);
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

    @Test
    void shouldTakeAChainInItsOrder() {
        int head =
                driver.add(
                        Buffer.readable(DATA, 16),
                        Buffer.readable(DATA + 100, 3),
                        Buffer.writable(DATA + 200, 512),
                        Buffer.writable(DATA + 900, 1));

        assertTrue(queue.next(chain));

        assertEquals(head, chain.head());
        assertEquals(4, chain.count());
        assertEquals(2, chain.readableCount());
        assertEquals(19, chain.readableBytes());
        assertEquals(513, chain.writableBytes());
        assertEquals(100, chain.offset(1));
        assertEquals(512, chain.length(2));
        assertEquals(memory.segment(DATA).address() + 900, chain.hostAddress(3));
        assertEquals(1, queue.inFlight());
        assertTrue(driver.allTaken(queue));
        assertFalse(queue.next(chain));
        assertNull(queue.fault());
    }

    @Test
    void shouldTakeAChainAsLongAsTheQueue() {
        driver.add(Collections.nCopies(SIZE, Buffer.writable(DATA, 1)));

        assertTrue(queue.next(chain));

        assertEquals(SIZE, chain.count());
    }

    @Test
    void shouldTakeAsManyChainsAsTheQueueHas() {
        for (int i = 0; i < SIZE; i++) {
            driver.add(Buffer.readable(DATA, 1));
        }

        assertEquals(SIZE, queue.pending());
        for (int i = 0; i < SIZE; i++) {
            assertTrue(queue.next(chain));
        }

        assertEquals(SIZE, queue.inFlight());
        assertEquals(0, queue.pending());
        assertNull(queue.fault());
    }

    @Test
    void shouldStopWhenReadableFollowsWritable() {
        driver.add(Buffer.writable(DATA, 1), Buffer.readable(DATA, 1));

        assertFault(RingFault.READABLE_AFTER_WRITABLE);
    }

    @Test
    void shouldStopWhenReadableFollowsEmptyWritable() {
        driver.add(Buffer.writable(DATA, 0), Buffer.readable(DATA, 1));

        assertFault(RingFault.READABLE_AFTER_WRITABLE);
    }

    @Test
    void shouldLeaveOutEmptyBuffersWhereverTheyPoint() {
        driver.add(
                Buffer.readable(-1L, 0),
                Buffer.readable(DATA, 4),
                Buffer.readable(TestMemory.HOLE, 0),
                Buffer.writable(DATA, 4));

        assertTrue(queue.next(chain));

        assertEquals(2, chain.count());
        assertEquals(1, chain.readableCount());
    }

    @Test
    void shouldTakeAChainOfNothing() {
        driver.add(Buffer.readable(0, 0));

        assertTrue(queue.next(chain));

        assertEquals(0, chain.count());
        assertEquals(0, chain.readableBytes() + chain.writableBytes());
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                0,
                TestMemory.LOW - 1,
                TestMemory.HOLE,
                TestMemory.HOLE - 1,
                TestMemory.HIGH - 1,
                TestMemory.HIGH + TestMemory.HIGH_BYTES - 1,
                TestMemory.HIGH + TestMemory.HIGH_BYTES,
                Long.MAX_VALUE,
                Long.MIN_VALUE,
                -1,
                -2,
            })
    void shouldStopWhenABufferIsNotAllInMemory(long address) {
        driver.add(Buffer.readable(address, 2));

        assertFault(RingFault.BUFFER_UNMAPPED);
    }

    @ParameterizedTest
    @ValueSource(longs = {0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL})
    void shouldStopWhenALengthLeavesMemory(long length) {
        driver.add(Buffer.writable(DATA, length));

        assertFault(RingFault.BUFFER_UNMAPPED);
    }

    @Test
    void shouldCutABufferThatCrossesAdjacentRegions() {
        long start = TestMemory.MIDDLE - 10;
        driver.add(
                Buffer.readable(start, 10),
                Buffer.readable(start, 11),
                Buffer.writable(start, 10 + TestMemory.MIDDLE_BYTES));

        assertTrue(queue.next(chain));

        assertEquals(5, chain.count());
        assertEquals(3, chain.readableCount());
        assertEquals(21, chain.readableBytes());
        assertEquals(10, chain.length(1));
        assertEquals(1, chain.length(2));
        assertEquals(0, chain.offset(2));
        assertEquals(TestMemory.MIDDLE_BYTES, chain.length(4));
    }

    @Test
    void shouldStopWhenABufferCrossesIntoAHole() {
        driver.add(Buffer.readable(TestMemory.MIDDLE - 10, 11 + TestMemory.MIDDLE_BYTES));

        assertFault(RingFault.BUFFER_UNMAPPED);
    }

    @Test
    void shouldStopWhenTheDevicesChainHasNoRoom() {
        chain = new DescriptorChain(2);
        driver.add(Collections.nCopies(2, Buffer.readable(DATA, 1)));
        driver.add(Collections.nCopies(3, Buffer.readable(DATA, 1)));
        assertTrue(queue.next(chain));

        assertFalse(queue.next(chain));

        assertEquals(RingFault.CHAIN_TOO_LONG, queue.fault());
    }

    @Test
    void shouldStopWhenPiecesHaveNoRoom() {
        chain = new DescriptorChain(1);
        driver.add(Buffer.readable(TestMemory.MIDDLE - 1, 2));

        assertFault(RingFault.CHAIN_TOO_LONG);
    }

    @Test
    void shouldKeepTheFirstFault() {
        queue.fail(RingFault.DEVICE_ERROR);
        queue.fail(RingFault.MEMORY_GONE);

        assertEquals(RingFault.DEVICE_ERROR, queue.fault());
    }

    @Test
    void shouldRefuseToCompleteWhatIsNotInFlight() {
        driver.add(Buffer.writable(DATA, 8));
        assertTrue(queue.next(chain));
        queue.complete(chain.head(), 0);

        assertThrows(IllegalArgumentException.class, () -> queue.complete(chain.head(), 0));
        assertThrows(IllegalArgumentException.class, () -> queue.complete(1, 0));
        assertThrows(IllegalArgumentException.class, () -> queue.complete(-1, 0));
        assertThrows(IllegalArgumentException.class, () -> queue.complete(SIZE, 0));
        assertEquals(0, queue.inFlight());
    }

    @Test
    void shouldReportTheWrittenLengthAsUnsigned() {
        driver.add(Buffer.writable(DATA, 8));
        assertTrue(queue.next(chain));

        queue.complete(chain.head(), 0xf000_0001);
        queue.publish();

        assertEquals(new RingDriver.Used(0, 0xf000_0001), driver.poll());
    }

    @Test
    void shouldGiveEveryFaultItsOwnLabel() {
        List<String> labels = new ArrayList<>();
        for (RingFault fault : RingFault.values()) {
            labels.add(fault.labels().get("reason"));
            assertEquals("ringside_queue_faults_total", fault.metricName());
        }

        assertEquals(labels.stream().distinct().toList(), labels);
    }
}
