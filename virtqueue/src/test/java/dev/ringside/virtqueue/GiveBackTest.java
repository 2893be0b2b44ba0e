package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.RingDriver.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Chains that are taken and given back, as if they had not been taken. */
@ParameterizedClass
@EnumSource(RingKind.class)
final class GiveBackTest {
    private final RingKind kind;

    private TestMemory memory;
    private RingDriver driver;
    private Virtqueue queue;
    private final DescriptorChain chain = new DescriptorChain(4);

    GiveBackTest(RingKind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = kind.driverNearWrap(memory, 8, 0, 2);
        queue = driver.queue();
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    private int take() {
        assertTrue(queue.next(chain));
        return chain.head();
    }

    private void add(int count) {
        for (int i = 0; i < count; i++) {
            driver.add(Buffer.writable(TestMemory.HIGH + 64L * i, 64));
        }
    }

    @Test
    void shouldTakeAgainInTheSameOrder() {
        add(4);
        int first = take();
        int base = queue.base();
        int second = take();
        int third = take();

        queue.giveBack(third);
        queue.giveBack(second);

        assertEquals(1, queue.inFlight());
        assertEquals(3, queue.pending());
        assertEquals(base, queue.base());
        assertEquals(second, take());
        assertEquals(third, take());
        queue.complete(first, 1);
        queue.complete(second, 2);
        queue.complete(third, 3);
        assertEquals(3, queue.unpublished());
    }

    @Test
    void shouldRefuseChainThatWasNotTheLast() {
        int base = queue.base();
        add(2);
        int first = take();
        int second = take();

        assertThrows(IllegalArgumentException.class, () -> queue.giveBack(first));
        queue.giveBack(second);
        queue.giveBack(first);
        assertEquals(base, queue.base());
    }

    @Test
    void shouldRefuseChainThatIsNotInFlight() {
        add(1);
        int only = take();
        queue.complete(only, 0);

        assertThrows(IllegalArgumentException.class, () -> queue.giveBack(only));
        assertThrows(IllegalArgumentException.class, () -> queue.giveBack(-1));
        assertThrows(IllegalArgumentException.class, () -> queue.giveBack(8));
    }

    @Test
    void shouldStayStoppedAfterFault() {
        add(2);
        int first = take();
        queue.fail(RingFault.MEMORY_GONE);

        queue.giveBack(first);

        assertEquals(0, queue.pending());
        assertFalse(queue.next(chain));
        assertEquals(0, queue.inFlight());
    }
}
