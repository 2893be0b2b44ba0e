package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.RingDriver.Buffer;
import dev.ringside.virtqueue.RingDriver.Used;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kicks and calls, wanted and refused, in both layouts. */
@ParameterizedClass
@EnumSource(RingKind.class)
final class NotificationTest {
    private static final int SIZE = 8;

    private final RingKind kind;
    private final DescriptorChain chain = new DescriptorChain(4);
    private TestMemory memory;
    private RingDriver driver;
    private Virtqueue queue;

    NotificationTest(RingKind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        start(0, SIZE);
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    /** So many descriptors before the ring wraps. */
    private void start(long features, int beforeWrap) throws InvalidRingException {
        driver = kind.driverNearWrap(memory, SIZE, features, beforeWrap);
        queue = driver.queue();
    }

    /** Starts and gets the call behind it that comes whatever the driver wants. */
    private void startCalled(long features, int beforeWrap) throws InvalidRingException {
        start(features, beforeWrap);
        completeOne();
        assertTrue(queue.publish(), "the first call after a start always comes");
        driver.poll();
    }

    private int take() {
        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        assertTrue(queue.next(chain));
        return chain.head();
    }

    private void completeOne() {
        queue.complete(take(), 4);
    }

    @Test
    void shouldNotCallWhenNothingWasCompleted() {
        assertFalse(queue.publish());
        assertEquals(0, queue.unpublished());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, SIZE})
    void shouldShowNothingBeforePublish(int beforeWrap) throws InvalidRingException {
        startCalled(0, beforeWrap);
        completeOne();
        completeOne();

        assertEquals(2, queue.unpublished());
        assertNull(driver.poll());
        assertTrue(queue.publish());
        assertEquals(0, queue.unpublished());
        assertNotNull(driver.poll());
        assertNotNull(driver.poll());
        assertNull(driver.poll());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, SIZE})
    void shouldObeyTheDriversWish(int beforeWrap) throws InvalidRingException {
        for (long features : new long[] {0, RingDriver.EVENT_IDX}) {
            startCalled(features, beforeWrap);
            driver.refuseCalls();
            completeOne();
            assertFalse(queue.publish());
            driver.poll();

            driver.wantCalls();
            completeOne();
            assertTrue(queue.publish());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, RingDriver.EVENT_IDX})
    void shouldRefuseAndWantKicks(long features) throws InvalidRingException {
        start(features, 1);
        assertFalse(queue.requestKicks());
        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        assertTrue(driver.shouldKick());

        queue.suppressKicks();
        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        assertFalse(driver.shouldKick());
        assertTrue(queue.next(chain));
        assertTrue(queue.next(chain));

        assertFalse(queue.requestKicks());
        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        assertTrue(driver.shouldKick());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, RingDriver.EVENT_IDX})
    void shouldLookAgainWhenKicksAreRequested(long features) throws InvalidRingException {
        start(features, SIZE);
        queue.suppressKicks();
        driver.add(Buffer.writable(TestMemory.HIGH, 4));

        assertTrue(queue.requestKicks());
        assertTrue(queue.next(chain));
        assertFalse(queue.requestKicks());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, SIZE})
    void shouldHoldCompletedChainsUntilTheirTurn(int beforeWrap) throws InvalidRingException {
        startCalled(RingDriver.IN_ORDER, beforeWrap);
        int[] heads = new int[4];
        for (int i = 0; i < 4; i++) {
            heads[i] = take();
        }

        queue.complete(heads[2], 12);
        queue.complete(heads[1], 11);
        assertEquals(0, queue.unpublished());
        assertEquals(2, queue.inFlight());
        assertFalse(queue.publish());
        queue.complete(heads[0], 10);

        assertEquals(3, queue.unpublished());
        assertTrue(queue.publish());
        for (int i = 0; i < 3; i++) {
            assertEquals(new Used(heads[i], 10 + i), driver.poll());
        }
        queue.complete(heads[3], 13);
        assertTrue(queue.publish());
        assertEquals(new Used(heads[3], 13), driver.poll());
    }
}
