package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.RingDriver.Buffer;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The event suppression structures of a packed ring (virtio 1.3, section 2.8.10). */
final class PackedNotificationTest {
    /** Not a power of two. */
    private static final int SIZE = 7;

    private TestMemory memory;
    private NaivePackedDriver driver;
    private PackedVirtqueue queue;
    private final DescriptorChain chain = new DescriptorChain(8);

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        start(0, 0, true);
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    private void start(long features, int slot, boolean wrap) throws InvalidRingException {
        driver = new NaivePackedDriver(memory, SIZE, features, slot, wrap);
        queue = driver.queue();
    }

    /** At a slot, behind the call that comes after every start. */
    private void startCalled(long features, int slot, boolean wrap) throws InvalidRingException {
        start(features, (slot + SIZE - 1) % SIZE, (slot == 0) != wrap);
        complete(1);
        assertTrue(queue.publish());
        driver.poll();
    }

    private void complete(int descriptors) {
        driver.add(Collections.nCopies(descriptors, Buffer.writable(TestMemory.HIGH, 4)));
        assertTrue(queue.next(chain));
        queue.complete(chain.head(), 4);
    }

    /** Event suppression structure of a place some descriptors ahead. */
    private void callAt(int slot, boolean wrap, int ahead) {
        int at = slot + ahead;
        boolean atWrap = wrap;
        while (at >= SIZE) {
            at -= SIZE;
            atWrap = !atWrap;
        }
        driver.setDriverEvent(NaivePackedDriver.position(at, atWrap), NaivePackedDriver.DESC);
    }

    @ParameterizedTest
    @CsvSource({"0,true", "0,false", "3,true", "6,true", "6,false", "5,false"})
    void shouldCallWhenTheDescriptorIsUsed(int slot, boolean wrap) throws InvalidRingException {
        startCalled(NaivePackedDriver.EVENT_IDX, slot, wrap);
        callAt(slot, wrap, 2);
        complete(1);
        complete(1);
        assertFalse(queue.publish(), "two used descriptors do not reach the event");

        complete(1);

        assertTrue(queue.publish());
        complete(1);
        assertFalse(queue.publish(), "the event lies behind");
    }

    @ParameterizedTest
    @CsvSource({"0,true", "5,true", "6,false"})
    void shouldCallWhenTheDescriptorIsSkipped(int slot, boolean wrap) throws InvalidRingException {
        startCalled(NaivePackedDriver.EVENT_IDX, slot, wrap);
        callAt(slot, wrap, 2);

        complete(4);

        assertTrue(queue.publish());
    }

    @ParameterizedTest
    @CsvSource({"0,true", "2,false"})
    void shouldNotCallForAnEventARoundAway(int slot, boolean wrap) throws InvalidRingException {
        startCalled(NaivePackedDriver.EVENT_IDX, slot, wrap);
        callAt(slot, wrap, SIZE);

        complete(SIZE);

        assertFalse(queue.publish());
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE, 0x7fff})
    void shouldBearAnEventOutsideTheRing(int offset) throws InvalidRingException {
        startCalled(NaivePackedDriver.EVENT_IDX, 0, true);
        driver.setDriverEvent(0x8000 | offset, NaivePackedDriver.DESC);

        complete(SIZE);

        assertFalse(queue.publish());
    }

    @Test
    void shouldCallForReservedFlagsAndIgnoreReservedBits() throws InvalidRingException {
        startCalled(NaivePackedDriver.EVENT_IDX, 0, true);
        driver.setDriverEvent(0, 3);
        complete(1);
        assertTrue(queue.publish());

        driver.setDriverEvent(0, 0xfffc | NaivePackedDriver.DISABLE);
        complete(1);
        assertFalse(queue.publish());
    }

    @Test
    void shouldCallForADescriptorWhenThatWasNotNegotiated() throws InvalidRingException {
        startCalled(0, 0, true);
        driver.setDriverEvent(5, NaivePackedDriver.DESC);
        complete(1);

        assertTrue(queue.publish());
    }

    @ParameterizedTest
    @CsvSource({"0,true", "6,true", "3,false"})
    void shouldAskForTheNextDescriptorByName(int slot, boolean wrap) throws InvalidRingException {
        start(NaivePackedDriver.EVENT_IDX, slot, wrap);

        assertFalse(queue.requestKicks());

        assertEquals(
                NaivePackedDriver.DESC << 16 | NaivePackedDriver.position(slot, wrap),
                memory.getInt(driver.deviceEventAddress()));
    }

    @Test
    void shouldSaySoWhenItWrote() {
        driver.add(Buffer.writable(TestMemory.HIGH, 4));
        driver.add(Buffer.readable(TestMemory.HIGH, 4));
        for (int written : new int[] {4, 0}) {
            assertTrue(queue.next(chain));
            queue.complete(chain.head(), written);
            queue.publish();

            assertEquals(written != 0, driver.usedSaysWritten());
            driver.poll();
        }
    }
}
