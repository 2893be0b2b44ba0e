package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.NaiveDriver.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kicks and calls: wanted, refused, by flag and by index, at the wrap. */
final class NotificationTest {
    private static final int SIZE = 8;

    private TestMemory memory;
    private NaiveDriver driver;
    private SplitVirtqueue queue;
    private final DescriptorChain chain = new DescriptorChain(4);

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = new NaiveDriver(memory, SIZE, 0);
        queue = driver.queue();
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    private void start(long features, int base) throws InvalidRingException {
        driver = new NaiveDriver(memory, SIZE, features, base);
        queue = driver.queue();
    }

    /** Starts and gets the call behind it that comes whatever the driver wants. */
    private void startCalled(long features, int base) throws InvalidRingException {
        start(features, (base - 1) & 0xffff);
        completeOne();
        assertTrue(queue.publish(), "the first call after a start always comes");
        driver.poll();
    }

    private void completeOne() {
        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        assertTrue(queue.next(chain));
        queue.complete(chain.head(), 4);
    }

    @Test
    void shouldNotCallWhenNothingWasCompleted() throws InvalidRingException {
        start(0, 0);

        assertFalse(queue.publish());
        assertEquals(0, queue.unpublished());
    }

    @Test
    void shouldShowNothingBeforePublish() throws InvalidRingException {
        startCalled(0, 0);
        completeOne();
        completeOne();

        assertEquals(2, queue.unpublished());
        assertEquals(0, driver.deviceIndex());
        assertTrue(queue.publish());
        assertEquals(2, driver.deviceIndex());
        assertEquals(0, queue.unpublished());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65535, 65534})
    void shouldObeyTheDriversFlag(int base) throws InvalidRingException {
        startCalled(0, base);
        driver.refuseCalls();
        completeOne();
        assertFalse(queue.publish());

        driver.wantCalls();
        completeOne();

        assertTrue(queue.publish());
    }

    @Test
    void shouldIgnoreOtherBitsOfTheDriversFlags() throws InvalidRingException {
        startCalled(0, 0);
        memory.putShort(driver.availableFlagsAddress(), 0xfffe);
        completeOne();

        assertTrue(queue.publish());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65535, 65534, 65530})
    void shouldCallWhenTheEventIsCrossed(int base) throws InvalidRingException {
        startCalled(NaiveDriver.EVENT_IDX, base);
        memory.putShort(driver.usedEventAddress(), base + 2);
        completeOne();
        completeOne();
        assertFalse(queue.publish(), "two used entries do not reach the event");

        completeOne();

        assertTrue(queue.publish());
        completeOne();
        assertFalse(queue.publish(), "the event lies behind");
    }

    @Test
    void shouldCallOnceWhenABurstCrossesTheEvent() throws InvalidRingException {
        startCalled(NaiveDriver.EVENT_IDX, 65533);
        memory.putShort(driver.usedEventAddress(), 0);
        for (int i = 0; i < SIZE; i++) {
            completeOne();
        }

        assertTrue(queue.publish());
        assertFalse(queue.publish());
    }

    @Test
    void shouldIgnoreTheFlagWithEventIdx() throws InvalidRingException {
        startCalled(NaiveDriver.EVENT_IDX, 0);
        memory.putShort(driver.availableFlagsAddress(), 1);
        memory.putShort(driver.usedEventAddress(), 0);
        completeOne();

        assertTrue(queue.publish());
    }

    @Test
    void shouldRefuseAndWantKicksByFlag() throws InvalidRingException {
        start(0, 65535);
        queue.suppressKicks();
        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        assertFalse(driver.shouldKick());
        assertTrue(queue.next(chain));

        assertFalse(queue.requestKicks());

        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        assertTrue(driver.shouldKick());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 65535, 65534})
    void shouldRefuseAndWantKicksByIndex(int base) throws InvalidRingException {
        start(NaiveDriver.EVENT_IDX, base);
        queue.suppressKicks();
        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        assertTrue(driver.shouldKick(), "the ring began with its event at the base");
        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        assertFalse(driver.shouldKick());
        assertTrue(queue.next(chain));
        assertTrue(queue.next(chain));

        assertFalse(queue.requestKicks());

        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        assertTrue(driver.shouldKick());
        assertEquals(0, memory.getShort(driver.usedFlagsAddress()));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1L << 29})
    void shouldLookAgainWhenKicksAreRequested(long features) throws InvalidRingException {
        start(features, 0);
        queue.suppressKicks();
        driver.add(Buffer.writable(TestMemory.HIGH, 4));

        assertTrue(queue.requestKicks());
        assertTrue(queue.next(chain));
        assertFalse(queue.requestKicks());
    }

    @Test
    void shouldClearAStaleFlagOfAnEarlierDevice() throws InvalidRingException {
        start(0, 0);
        memory.putShort(driver.usedFlagsAddress(), 1);

        assertFalse(queue.requestKicks());

        assertEquals(0, memory.getShort(driver.usedFlagsAddress()));
    }

    @Test
    void shouldNotTouchTheEventWhenItIsNotNegotiated() throws InvalidRingException {
        start(0, 0);
        memory.putShort(driver.availEventAddress(), 0x1234);

        assertFalse(queue.requestKicks());
        queue.suppressKicks();

        assertEquals(0x1234, memory.getShort(driver.availEventAddress()));
    }

    @Test
    void shouldHoldCompletedChainsUntilTheirTurn() throws InvalidRingException {
        startCalled(NaiveDriver.IN_ORDER, 65534);
        int[] heads = new int[4];
        for (int i = 0; i < 4; i++) {
            driver.add(Buffer.writable(TestMemory.HIGH, 4));
            assertTrue(queue.next(chain));
            heads[i] = chain.head();
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
            assertEquals(new NaiveDriver.Used(heads[i], 10 + i), driver.poll());
        }
        queue.complete(heads[3], 13);
        assertTrue(queue.publish());
        assertEquals(new NaiveDriver.Used(heads[3], 13), driver.poll());
    }
}
