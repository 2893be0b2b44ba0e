package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.DirtyLog;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.virtqueue.RingDriver.Buffer;
import dev.ringside.virtqueue.RingDriver.Used;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Chains of one buffer that are taken together. */
@ParameterizedClass
@EnumSource(RingKind.class)
final class BufferBurstTest {
    private static final int SIZE = 256;

    private final RingKind kind;
    private final DescriptorChain chain = new DescriptorChain(4);
    private final BufferBurst burst = new BufferBurst(64, true);
    private TestMemory memory;
    private RingDriver driver;
    private Virtqueue queue;

    BufferBurstTest(RingKind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = kind.driverNearWrap(memory, SIZE, 0, 100);
        queue = driver.queue();
        // From its first chain on the queue knows the region.
        driver.add(Buffer.writable(TestMemory.HIGH, 8));
        assertTrue(queue.next(chain));
        complete();
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    private void complete() {
        queue.complete(chain.head(), 0);
        queue.publish();
        assertTrue(driver.poll() != null);
    }

    private int add() {
        return driver.add(Buffer.writable(TestMemory.HIGH, 8));
    }

    @Test
    void shouldTakeFewOneByOne() {
        for (int i = 0; i < 3; i++) {
            add();
        }
        assertEquals(0, queue.nextBuffers(burst, 64));
        add();
        assertTrue(queue.next(chain));
        assertTrue(queue.next(chain));
        assertTrue(queue.next(chain));
    }

    @Test
    void shouldEndBeforeWhatIsLongerOrOfTheOtherKindOrElsewhere() {
        Buffer[][] others = {
            {Buffer.writable(TestMemory.HIGH, 8), Buffer.writable(TestMemory.HIGH, 8)},
            {Buffer.readable(TestMemory.HIGH, 8)},
            {Buffer.writable(TestMemory.LOW + 0x3000, 8)},
            {Buffer.writable(TestMemory.HIGH, 0)},
        };
        for (Buffer[] other : others) {
            add();
            add();
            driver.add(other);
            add();
            assertEquals(2, queue.nextBuffers(burst, 64));
            queue.settleBuffers(burst, 2);
            assertTrue(queue.next(chain));
            complete();
            assertTrue(queue.next(chain));
            complete();
            while (driver.poll() != null) {
                // Its descriptors are free.
            }
            // Back in the region of the others.
            add();
            assertTrue(queue.next(chain));
            complete();
        }
        assertNull(queue.fault());
    }

    @Test
    void shouldKeepTheOrderWhateverIsGivenBack() {
        Deque<Integer> heads = new ArrayDeque<>();
        int taken = 0;
        for (int turn = 0; turn < 1000; turn++) {
            while (heads.size() < 190) {
                heads.add(add());
            }
            int count = queue.nextBuffers(burst, 64);
            assertTrue(count > 0 || queue.pending() < 4);
            int end = Math.min(count, turn * 13 % 65);
            for (int i = 0; i < end; i++) {
                assertEquals(heads.remove(), burst.head(i));
                burst.setWritten(i, i % 9);
            }
            queue.settleBuffers(burst, end);
            taken += end;
            if (count == 0) {
                assertTrue(queue.next(chain));
                assertEquals(heads.remove(), chain.head());
                complete();
            }
            queue.publish();
            for (int i = 0; i < end; i++) {
                Used used = driver.poll();
                assertTrue(used != null && used.length() == i % 9);
            }
            assertEquals(0, queue.inFlight());
        }
        assertTrue(taken > 10_000, "taken: " + taken);
        assertNull(queue.fault());
    }

    @Test
    void shouldTakeNoneTogetherWhenSomebodyKeepsTrack() throws LinuxException {
        for (int i = 0; i < 8; i++) {
            add();
        }
        long bytes = (TestMemory.HIGH + TestMemory.HIGH_BYTES) / DirtyLog.PAGE_BYTES / 8;
        try (Fd file = Memfd.create("ringside-log", bytes);
                DirtyLog log = DirtyLog.map(file.duplicate(), bytes, 0)) {
            queue.log(new QueueLog(log, true, false, 0, null));
            assertEquals(0, queue.nextBuffers(burst, 64));
            queue.log(null);
            assertEquals(8, queue.nextBuffers(burst, 64));
            queue.settleBuffers(burst, 8);
        }
    }

    @Test
    void shouldTakeNoneTogetherWhenChainsInFlightAreNoted() throws Exception {
        try (InflightRegion region =
                InflightRegion.create(driver.layout().index() + 1, SIZE, kind == RingKind.PACKED)) {
            for (int i = 0; i < 8; i++) {
                add();
            }
            Virtqueue noting =
                    Virtqueues.create(
                            driver.layout(),
                            queue.base(),
                            driver.features | RingDriver.VERSION_1,
                            memory.memory(),
                            region);
            assertTrue(noting.next(chain));
            assertEquals(0, noting.nextBuffers(burst, 64));
        }
    }

    /** What was looked at may end within a chain, where a driver's stores are seen one by one. */
    @Test
    void shouldGoOnWhenTheBeginningOfAChainWasSeenBeforeItsEnd() {
        if (!(driver instanceof NaivePackedDriver packed)) {
            return; // A split ring's chain is seen by its index.
        }
        for (int i = 0; i < 4; i++) {
            add();
        }
        int second = packed.nextSlot() + 1;
        packed.add(Buffer.writable(TestMemory.HIGH, 8), Buffer.writable(TestMemory.HIGH, 8));
        int flags = packed.acquireFlags(second);
        packed.putFlags(second, flags ^ NaivePackedDriver.AVAIL);
        assertTrue(queue.pending() >= 4);
        packed.putFlags(second, flags);

        assertEquals(4, queue.nextBuffers(burst, 64));
        queue.settleBuffers(burst, 4);

        assertTrue(queue.pending() > 0, "the fifth chain is forgotten");
        assertTrue(queue.next(chain));
        assertEquals(2, chain.count());
    }
}
