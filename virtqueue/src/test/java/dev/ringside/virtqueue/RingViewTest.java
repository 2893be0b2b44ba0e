package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtqueue.RingDriver.Buffer;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What people see of a ring: what stands there, whatever it is, and never more. */
final class RingViewTest {
    private static final int SIZE = 8;

    private TestMemory memory;

    @BeforeEach
    void map() throws Exception {
        memory = new TestMemory();
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    @ParameterizedTest
    @EnumSource
    void shouldTellUsedFromInFlightFromAvailable(RingKind kind) throws Exception {
        RingDriver driver = kind.driver(memory, SIZE, kind.feature() | RingDriver.EVENT_IDX);
        Virtqueue queue = driver.queue();
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        for (int i = 0; i < 3; i++) {
            driver.add(List.of(Buffer.writable(TestMemory.HIGH + 512L * i, 512)));
        }
        assertTrue(queue.next(chain));
        queue.complete(chain.head(), 7);
        queue.publish();
        assertTrue(queue.next(chain));

        RingView view = queue.view(3);

        assertEquals(1, view.inFlight());
        assertEquals(SIZE, view.size());
        assertEquals("", view.fault());
        assertEquals(
                List.of("used", "in flight", "available"),
                view.content().entries().stream().map(RingView.Entry::state).toList());
        RingView.Descriptor last = view.content().entries().get(2).descriptors().getFirst();
        assertEquals("0x" + Long.toHexString(TestMemory.HIGH + 1024), last.address());
        assertEquals(512, last.length());
        assertTrue(last.flags().startsWith("WRITE"), last.flags());
    }

    @Test
    void shouldShowTheWordsOfASplitRing() throws Exception {
        RingDriver driver = RingKind.SPLIT.driver(memory, SIZE, RingDriver.EVENT_IDX);
        Virtqueue queue = driver.queue();
        driver.add(
                List.of(
                        Buffer.readable(TestMemory.HIGH, 16),
                        Buffer.writable(TestMemory.HIGH + 16, 1)));

        RingView view = queue.view(RingView.MAX_ENTRIES);

        assertEquals(1L, view.content().fields().get("avail.idx"));
        assertEquals(0L, view.content().fields().get("used.idx"));
        assertEquals(0L, view.content().fields().get("next available"));
        List<RingView.Descriptor> chain = view.content().entries().getLast().descriptors();
        assertEquals(List.of("NEXT", "WRITE"), chain.stream().map(d -> d.flags()).toList());
        assertEquals(chain.get(1).slot(), chain.get(0).next());
    }

    /** Whatever a driver wrote: the view ends, and reads nothing but the ring. */
    @ParameterizedTest
    @EnumSource
    void shouldShowGarbage(RingKind kind) throws Exception {
        RandomGenerator random = TestSeed.generator("shouldShowGarbage");
        RingDriver driver = kind.driver(memory, SIZE, kind.feature() | RingDriver.EVENT_IDX);
        Virtqueue queue = driver.queue();
        for (int round = 0; round < 500; round++) {
            for (long at = TestMemory.LOW; at < driver.end(); at++) {
                memory.putByte(at, (byte) random.nextInt());
            }

            RingView view = queue.view(RingView.MAX_ENTRIES);

            assertFalse(view.content().fields().isEmpty());
            assertEquals(SIZE, view.content().entries().size());
            for (RingView.Entry entry : view.content().entries()) {
                assertTrue(entry.descriptors().size() <= 16);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldReadNothingOfARingThatIsGone(RingKind kind) throws Exception {
        Virtqueue queue = kind.driver(memory, SIZE, kind.feature()).queue();
        assertFalse(queue.remap(dev.ringside.shm.GuestMemory.empty()));

        RingView view = queue.view(8);

        assertEquals(RingFault.MEMORY_GONE.label(), view.fault());
        assertTrue(view.content().fields().isEmpty() && view.content().entries().isEmpty());
        assertNotNull(view.format());
    }
}
