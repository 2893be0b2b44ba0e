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

/** Kicks and calls of a split ring: by flag and by index, at the wrap. */
final class SplitNotificationTest {
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
}
