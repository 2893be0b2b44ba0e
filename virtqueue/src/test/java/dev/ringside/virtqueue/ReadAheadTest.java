package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.RingDriver.Buffer;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Chains of a burst are read before the first of them is taken. */
@ParameterizedClass
@EnumSource(RingKind.class)
final class ReadAheadTest {
    private static final int SIZE = 256;

    private final RingKind kind;
    private final DescriptorChain chain = new DescriptorChain(4);
    private TestMemory memory;
    private RingDriver driver;
    private Virtqueue queue;

    ReadAheadTest(RingKind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = kind.driverNearWrap(memory, SIZE, 0, 100);
        queue = driver.queue();
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    private void add(int count) {
        for (int i = 0; i < count; i++) {
            driver.add(Buffer.readable(TestMemory.HIGH + 8L * i, 8));
        }
    }

    private void take(int number) {
        assertTrue(queue.next(chain));
        assertEquals(TestMemory.HIGH + 8L * number, chain.guestAddress(0));
    }

    private void overwriteDescriptors() {
        RingLayout layout = driver.layout();
        Objects.requireNonNull(
                        memory.memory().sliceUser(layout.descriptorUserAddress(), 16L * SIZE))
                .fill((byte) 0xff);
    }

    @Test
    void shouldTakeAllWhenTheyAreMoreThanAreReadAtOnce() {
        add(200);
        for (int i = 0; i < 200; i++) {
            take(i);
        }
        assertFalse(queue.next(chain));
        assertNull(queue.fault());
    }

    @Test
    void shouldTakeAllInTheirOrderWhenMoreComeMeanwhile() {
        queue.fetchAhead(76, false);
        int added = 0;
        int taken = 0;
        for (int turn = 0; turn < 300; turn++) {
            for (int count = 17 * turn % 150; count > 0 && added - taken < SIZE; count--) {
                driver.add(Buffer.readable(TestMemory.HIGH + added % 1000, 8));
                added++;
            }
            for (int count = 23 * turn % 130; count > 0 && taken < added; count--) {
                assertTrue(queue.next(chain));
                assertEquals(TestMemory.HIGH + taken % 1000, chain.guestAddress(0));
                queue.complete(chain.head(), 0);
                taken++;
            }
            queue.publish();
            while (driver.poll() != null) {
                // Its descriptors are free.
            }
        }
        assertNull(queue.fault());
    }

    @Test
    void shouldTakeAllWhenWhatIsFetchedIsOfAnotherKindOrAtTheEnd() {
        queue.fetchAhead(100, true);
        long last = TestMemory.HIGH + TestMemory.HIGH_BYTES - 8;
        for (int i = 0; i < 100; i++) {
            driver.add(i % 3 == 0 ? Buffer.readable(last, 8) : Buffer.writable(last - 100L * i, 8));
        }
        for (int i = 0; i < 100; i++) {
            assertTrue(queue.next(chain));
            assertEquals(i % 3 == 0 ? last : last - 100L * i, chain.guestAddress(0));
        }
        assertNull(queue.fault());
    }

    @Test
    void shouldTakeWhatWasReadWhenTheDriverChangesItAfterwards() {
        add(3);
        take(0);
        overwriteDescriptors();
        take(1);
        take(2);
        assertNull(queue.fault());
    }

    @Test
    void shouldReadAgainWhatWasGivenBack() {
        add(2);
        take(0);
        queue.giveBack(chain.head());
        overwriteDescriptors();
        assertFalse(queue.next(chain));
        assertTrue(queue.fault() != null);
    }

    @Test
    void shouldTakeNothingThatWasReadAfterAFault() {
        add(2);
        take(0);
        queue.fail(RingFault.DEVICE_ERROR);
        assertFalse(queue.next(chain));
        assertEquals(0, queue.pending());
    }
}
