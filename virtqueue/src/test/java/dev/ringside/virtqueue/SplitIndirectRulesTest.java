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
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for indirect descriptors of a split ring (virtio 1.3, section 2.7.5.3). */
final class SplitIndirectRulesTest {
    private static final int SIZE = 4;
    private static final long DATA = TestMemory.HIGH;
    private static final long TABLE = TestMemory.LOW + 0x1_0000;
    private static final int INDIRECT = NaiveDriver.INDIRECT;
    private static final int NEXT = NaiveDriver.NEXT;
    private static final int WRITE = NaiveDriver.WRITE;

    private TestMemory memory;
    private NaiveDriver driver;
    private SplitVirtqueue queue;
    private DescriptorChain chain;

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = new NaiveDriver(memory, SIZE, NaiveDriver.INDIRECT_DESC);
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
    }

    private void offerTable(long address, long length, int flags) {
        driver.descriptor(0, address, length, flags, 0);
        driver.offer(0);
    }

    @Test
    void shouldTakeAsManyAsALongQueueHas() throws InvalidRingException {
        driver = new NaiveDriver(memory, 4096, NaiveDriver.INDIRECT_DESC);
        queue = driver.queue();
        chain = new DescriptorChain(queue.maxChainEntries());
        long table = driver.end();
        driver.addIndirect(table, Collections.nCopies(4096, Buffer.writable(DATA, 1)));
        driver.addIndirect(table, Collections.nCopies(4097, Buffer.writable(DATA, 1)));

        // The second table overwrote the first: its first 4096 entries go on.
        driver.writeDescriptor(table + 16L * 4095, DATA, 1, WRITE, 0);
        assertTrue(queue.next(chain));
        driver.writeDescriptor(table + 16L * 4095, DATA, 1, WRITE | NEXT, 4096);

        assertFault(RingFault.CHAIN_TOO_LONG);
    }

    @Test
    void shouldTakeATableAfterDirectDescriptors() {
        driver.writeDescriptor(TABLE, DATA + 64, 8, WRITE, 0);
        driver.descriptor(0, DATA, 16, NEXT, 2);
        driver.descriptor(2, TABLE, 16, INDIRECT, 0);
        driver.offer(0);

        assertTrue(queue.next(chain));

        assertEquals(2, chain.count());
        assertEquals(1, chain.readableCount());
    }

    @Test
    void shouldCountDirectDescriptorsBeforeATable() {
        driver.descriptor(0, DATA, 16, NEXT, 2);
        driver.descriptor(2, TABLE, 16L * 1024, INDIRECT, 0);
        for (int i = 0; i < 1024; i++) {
            driver.writeDescriptor(TABLE + 16L * i, DATA, 1, i < 1023 ? NEXT : 0, i + 1);
        }
        driver.offer(0);

        assertFault(RingFault.CHAIN_TOO_LONG);
    }

    @Test
    void shouldIgnoreTheWriteFlagOfTheTable() {
        driver.writeDescriptor(TABLE, DATA, 8, 0, 0);
        offerTable(TABLE, 16, INDIRECT | WRITE);

        assertTrue(queue.next(chain));

        assertEquals(8, chain.readableBytes());
    }

    @Test
    void shouldTakeAPartOfATable() {
        driver.writeDescriptor(TABLE, DATA, 8, NEXT, 5);
        driver.writeDescriptor(TABLE + 80, DATA, 8, 0, 0);
        offerTable(TABLE, 96, INDIRECT);

        assertTrue(queue.next(chain));

        assertEquals(2, chain.count());
    }

    @Test
    void shouldTakeAHugeTableOfWhichLittleIsUsed() {
        driver.writeDescriptor(TABLE, DATA, 8, 0, 0);
        offerTable(TABLE, 0x10_0000, INDIRECT);

        assertTrue(queue.next(chain));

        assertEquals(1, chain.count());
    }

    @Test
    void shouldStopWhenNested() {
        driver.writeDescriptor(TABLE, TABLE + 16, 16, INDIRECT, 0);
        offerTable(TABLE, 32, INDIRECT);

        assertFault(RingFault.INDIRECT_NESTED);
    }

    @Test
    void shouldStopWhenATableIsFollowed() {
        driver.writeDescriptor(TABLE, DATA, 8, 0, 0);
        offerTable(TABLE, 16, INDIRECT | NEXT);

        assertFault(RingFault.INDIRECT_CHAINED);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 15, 17, 0xffff_ffffL})
    void shouldStopWhenTheLengthIsNotWhole(long length) {
        driver.writeDescriptor(TABLE, DATA, 8, 0, 0);
        offerTable(TABLE, length, INDIRECT);

        assertFault(RingFault.INDIRECT_LENGTH);
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                0,
                TestMemory.LOW - 16,
                TestMemory.LOW - 1,
                TestMemory.HOLE,
                TestMemory.HOLE - 16,
                TestMemory.HIGH + TestMemory.HIGH_BYTES - 31,
                Long.MAX_VALUE,
                Long.MIN_VALUE,
                -1,
                -32,
                -16,
            })
    void shouldStopWhenTheTableIsNotAllInMemory(long address) {
        offerTable(address, 32, INDIRECT);

        assertFault(RingFault.INDIRECT_UNMAPPED);
    }

    @Test
    void shouldStopWhenTheTableReachesIntoAHole() {
        driver.writeDescriptor(TestMemory.MIDDLE - 16, DATA, 8, 0, 0);
        offerTable(TestMemory.MIDDLE - 16, 16 + TestMemory.MIDDLE_BYTES + 16, INDIRECT);

        assertFault(RingFault.INDIRECT_UNMAPPED);
    }

    @Test
    void shouldStopWhenTheTableLoops() {
        driver.writeDescriptor(TABLE, DATA, 8, NEXT, 1);
        driver.writeDescriptor(TABLE + 16, DATA, 8, NEXT, 0);
        offerTable(TABLE, 32, INDIRECT);

        assertFault(RingFault.DESCRIPTOR_LOOP);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 0x7fff, 0xffff})
    void shouldStopWhenNextLeavesTheTable(int next) {
        driver.writeDescriptor(TABLE, DATA, 8, NEXT, next);
        offerTable(TABLE, 32, INDIRECT);

        assertFault(RingFault.DESCRIPTOR_INDEX);
    }

    @Test
    void shouldStopWhenReadableInTheTableFollowsDirectWritable() {
        driver.writeDescriptor(TABLE, DATA, 8, 0, 0);
        driver.descriptor(0, DATA, 16, NEXT | WRITE, 2);
        driver.descriptor(2, TABLE, 16, INDIRECT, 0);
        driver.offer(0);

        assertFault(RingFault.READABLE_AFTER_WRITABLE);
    }
}
