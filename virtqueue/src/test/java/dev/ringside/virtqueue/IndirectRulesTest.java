package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.RingDriver.Buffer;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for indirect descriptors that both layouts share, kept and broken. */
@ParameterizedClass
@EnumSource(RingKind.class)
final class IndirectRulesTest {
    private static final int SIZE = 4;
    private static final long DATA = TestMemory.HIGH;
    private static final long TABLE = TestMemory.LOW + 0x1_0000;

    private final RingKind kind;
    private TestMemory memory;
    private RingDriver driver;
    private Virtqueue queue;
    private DescriptorChain chain;

    IndirectRulesTest(RingKind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = kind.driver(memory, SIZE, RingDriver.INDIRECT_DESC);
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

    @Test
    void shouldTakeATable() {
        int head =
                driver.addIndirect(
                        TABLE,
                        List.of(
                                Buffer.readable(DATA, 16),
                                Buffer.writable(DATA + 64, 4096),
                                Buffer.writable(DATA + 32, 1)));

        assertTrue(queue.next(chain));

        assertEquals(head, chain.head());
        assertEquals(3, chain.count());
        assertEquals(1, chain.readableCount());
        assertEquals(4097, chain.writableBytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE + 1, 128, 1024})
    void shouldTakeATableThatIsLongerThanTheQueue(int length) {
        driver.addIndirect(TABLE, Collections.nCopies(length, Buffer.writable(DATA, 1)));

        assertTrue(queue.next(chain));

        assertEquals(length, chain.count());
    }

    @Test
    void shouldStopWhenATableIsLongerThanTheLimit() {
        driver.addIndirect(TABLE, Collections.nCopies(1025, Buffer.writable(DATA, 1)));

        assertFault(RingFault.CHAIN_TOO_LONG);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 13, 17, 24})
    void shouldTakeATableThatCrossesRegionsAnywhere(int bytesBefore) {
        long table = TestMemory.MIDDLE - bytesBefore;
        driver.addIndirect(
                table,
                List.of(
                        Buffer.readable(DATA + 0x1234, 0x4321),
                        Buffer.readable(DATA + 1, 2),
                        Buffer.writable(DATA + 3, 4)));

        assertTrue(queue.next(chain));

        assertEquals(0x1234, chain.offset(0));
        assertEquals(0x4321, chain.length(0));
        assertEquals(2, chain.length(1));
        assertEquals(3, chain.offset(2));
        assertEquals(1, chain.count() - chain.readableCount());
    }

    @Test
    void shouldStopWhenNotNegotiated() throws InvalidRingException {
        driver = kind.driver(memory, SIZE, 0);
        queue = driver.queue();
        driver.addIndirect(TABLE, List.of(Buffer.readable(DATA, 1)));

        assertFault(RingFault.INDIRECT_NOT_NEGOTIATED);
    }

    @Test
    void shouldStopWhenReadableFollowsWritableInTheTable() {
        driver.addIndirect(TABLE, List.of(Buffer.writable(DATA, 1), Buffer.readable(DATA, 1)));

        assertFault(RingFault.READABLE_AFTER_WRITABLE);
    }

    @Test
    void shouldStopWhenABufferOfTheTableIsUnmapped() {
        driver.addIndirect(TABLE, List.of(Buffer.readable(DATA, 8), Buffer.writable(0, 8)));

        assertFault(RingFault.BUFFER_UNMAPPED);
        assertNull(driver.poll());
    }
}
