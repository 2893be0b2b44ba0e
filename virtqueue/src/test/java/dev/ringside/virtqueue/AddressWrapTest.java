package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.RingDriver.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Guest memory at both ends of the address space: they are not neighbours. */
final class AddressWrapTest {
    private static final long PAGE = 4096;
    private static final long TOP = -PAGE;

    private TestMemory memory;
    private NaiveDriver driver;
    private SplitVirtqueue queue;
    private final DescriptorChain chain = new DescriptorChain(8);
    private final List<MemoryRegion> ends = new ArrayList<>();

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = new NaiveDriver(memory, 4, NaiveDriver.INDIRECT_DESC);
        ends.add(MemoryRegion.map(Memfd.create("top", PAGE), TOP, 0x10_0000, PAGE, 0));
        ends.add(MemoryRegion.map(Memfd.create("bottom", PAGE), 0, 0x20_0000, PAGE, 0));
        List<MemoryRegion> all = new ArrayList<>(ends);
        all.addAll(memory.memory().regions());
        queue =
                SplitVirtqueue.create(
                        driver.layout(), 0, NaiveDriver.INDIRECT_DESC, GuestMemory.of(all));
    }

    @AfterEach
    void unmap() {
        ends.forEach(MemoryRegion::close);
        memory.close();
    }

    @Test
    void shouldTakeBuffersUpToTheVeryEnd() {
        driver.add(Buffer.readable(-1, 1), Buffer.readable(TOP, PAGE), Buffer.readable(0, 1));

        assertTrue(queue.next(chain));

        assertEquals(PAGE - 1, chain.offset(0));
        assertEquals(PAGE, chain.length(1));
        assertEquals(0, chain.offset(2));
    }

    @Test
    void shouldReadEveryByteOfAnAddressThatCrossesRegions() {
        for (int bytesBefore = 1; bytesBefore < 8; bytesBefore++) {
            int head =
                    driver.addIndirect(
                            TestMemory.MIDDLE - bytesBefore,
                            List.of(Buffer.readable(TOP + bytesBefore, 1)));

            assertTrue(queue.next(chain));

            assertEquals(bytesBefore, chain.offset(0));
            queue.complete(head, 0);
            queue.publish();
            driver.poll();
        }
    }

    @Test
    void shouldStopWhenABufferWraps() {
        driver.add(Buffer.readable(-1, 2));

        assertFalse(queue.next(chain));

        assertEquals(RingFault.BUFFER_UNMAPPED, queue.fault());
    }

    @Test
    void shouldStopWhenABufferWrapsInTheLastBuffersRegion() {
        driver.add(Buffer.readable(-16, 16), Buffer.readable(-16, 17));

        assertFalse(queue.next(chain));

        assertEquals(RingFault.BUFFER_UNMAPPED, queue.fault());
    }

    @Test
    void shouldStopWhenATableWraps() {
        driver.descriptor(0, -16, 32, NaiveDriver.INDIRECT, 0);
        driver.offer(0);

        assertFalse(queue.next(chain));

        assertEquals(RingFault.INDIRECT_UNMAPPED, queue.fault());
    }
}
