package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver's side of a packed ring, byte by byte. */
class PackedDriverQueueTest {
    private static final int AVAIL = VirtioSpec.PACKED_DESC_F_AVAIL;
    private static final int USED = VirtioSpec.PACKED_DESC_F_USED;
    private static final int NEXT = VirtioSpec.DESC_F_NEXT;
    private static final int WRITE = VirtioSpec.DESC_F_WRITE;

    private FrontendMemory memory;

    @BeforeEach
    void makeMemory() throws IOException {
        memory = FrontendMemory.likePc(4 << 20);
    }

    @AfterEach
    void freeMemory() {
        memory.close();
    }

    private DriverQueue queue(final int size, final int... featureBits) throws IOException {
        long features = VhostUserSpec.bit(VirtioSpec.F_RING_PACKED);
        for (final int bit : featureBits) {
            features |= VhostUserSpec.bit(bit);
        }
        return DriverQueue.create(memory, QueueLayout.allocate(memory, 0, size), features);
    }

    /** Uses a chain as a device does, in this round of the ring. */
    private static void use(
            final RawPackedRing ring, final int slot, final int id, final int length) {
        ring.releaseWord(slot, RawPackedRing.word(length, id, AVAIL | USED));
    }

    @Test
    void shouldShowAChainFromItsEnd() throws IOException {
        try (DriverQueue queue = queue(5)) {
            final int id = queue.add(new DriverChain().readable(0x1000, 16).writable(0x2000, 512));

            final RawPackedRing ring = queue.packedRing();
            assertEquals(0, ring.flags(0), "not before it is published");
            assertEquals(WRITE | AVAIL, ring.flags(1));
            assertTrue(queue.publish());
            assertEquals(NEXT | AVAIL, ring.flags(0));
            assertEquals(0x1000, ring.address(0));
            assertEquals(16, ring.length(0));
            assertEquals(0x2000, ring.address(1));
            assertEquals(512, ring.length(1));
            assertEquals(id, ring.id(1));
            assertEquals(3, queue.freeDescriptors());
            assertEquals(1, queue.inFlight());
        }
    }

    @Test
    void shouldChangeTheWrapCounterAtTheEnd() throws IOException {
        try (DriverQueue queue = queue(3)) {
            final RawPackedRing ring = queue.packedRing();
            final DriverChain two = new DriverChain().readable(1, 1).writable(2, 1);
            use(ring, 0, addAndPublish(queue, two), 0);
            assertTrue(queue.pollUsed() >= 0);

            final int id = addAndPublish(queue, two);

            assertEquals(NEXT | AVAIL, ring.flags(2));
            assertEquals(WRITE | USED, ring.flags(0));
            assertEquals(0x0001_0001, queue.base());
            assertEquals(-1, queue.pollUsed());
            use(ring, 2, id, 1);
            assertEquals(id, queue.pollUsed());
            assertEquals(1, queue.lastUsedIndex());
        }
    }

    private static int addAndPublish(final DriverQueue queue, final DriverChain chain) {
        final int id = queue.add(chain);
        queue.publish();
        return id;
    }

    @Test
    void shouldUseOneDescriptorWhenChainIsIndirect() throws IOException {
        try (DriverQueue queue = queue(8)) {
            queue.enableIndirect(memory, 4);
            queue.addIndirect(new DriverChain().readable(1, 2).readable(3, 4).writable(5, 6));
            queue.publish();

            final RawPackedRing ring = queue.packedRing();
            assertEquals(VirtioSpec.DESC_F_INDIRECT | AVAIL, ring.flags(0));
            assertEquals(48, ring.length(0));
            final var table = memory.slice(ring.address(0), 48);
            final RawPackedRing view = new RawPackedRing(3, table, table, table);
            assertEquals(0, view.flags(0), "no NEXT in a packed ring's table");
            assertEquals(3, view.address(1));
            assertEquals(WRITE, view.flags(2));
        }
    }

    @Test
    void shouldRefuseChainWhenDescriptorsAreUsedUp() throws IOException {
        try (DriverQueue queue = queue(4)) {
            final DriverChain three =
                    new DriverChain().readable(1, 1).readable(2, 1).writable(3, 1);
            assertTrue(queue.add(three) >= 0);
            assertEquals(-1, queue.add(three));
            assertTrue(queue.add(new DriverChain().writable(9, 1)) >= 0);
            assertEquals(0, queue.freeDescriptors());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 0xffff})
    void shouldRejectUsedBufferWhenDeviceWasNotGivenIt(final int id) throws IOException {
        try (DriverQueue queue = queue(4)) {
            addAndPublish(queue, new DriverChain().writable(1, 1));
            use(queue.packedRing(), 0, id, 0);
            assertThrows(IllegalStateException.class, queue::pollUsed);
        }
    }

    @Test
    void shouldKickAsTheDeviceAsks() throws IOException {
        try (DriverQueue queue = queue(8, VirtioSpec.F_EVENT_IDX)) {
            final DriverChain chain = new DriverChain().writable(1, 1).writable(2, 1);
            final RawPackedRing ring = queue.packedRing();
            ring.deviceEvent(0, VirtioSpec.EVENT_FLAGS_DISABLE);
            queue.add(chain);
            assertFalse(queue.publish());
            ring.deviceEvent(0x8003, VirtioSpec.EVENT_FLAGS_DESC);
            queue.add(chain);
            assertTrue(queue.publish(), "descriptor 3 is the second of this chain");
            queue.add(chain);
            assertFalse(queue.publish());
            ring.deviceEvent(0x0007, VirtioSpec.EVENT_FLAGS_DESC);
            queue.add(chain);
            assertFalse(queue.publish(), "descriptor 7 of the next round");
            assertFalse(queue.publish(), "nothing new to publish");
        }
    }

    @Test
    void shouldTellTheDeviceWhenItWantsCalls() throws IOException {
        try (DriverQueue plain = queue(4);
                DriverQueue event = queue(4, VirtioSpec.F_EVENT_IDX)) {
            plain.suppressCalls();
            assertEquals(VirtioSpec.EVENT_FLAGS_DISABLE << 16, plain.packedRing().driverEvent());
            assertFalse(plain.requestCalls());
            assertEquals(0, plain.packedRing().driverEvent());
            event.startAt(0x0003_0003);
            assertFalse(event.requestCalls());
            assertEquals(VirtioSpec.EVENT_FLAGS_DESC << 16 | 3, event.packedRing().driverEvent());
        }
    }

    @Test
    void shouldTakeABatchThatOneUsedDescriptorStandsFor() throws IOException {
        try (DriverQueue queue = queue(8, VirtioSpec.F_IN_ORDER)) {
            final int[] ids = new int[3];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = queue.add(new DriverChain().readable(1, 1).writable(2, 7));
            }
            queue.publish();
            use(queue.packedRing(), 0, ids[2], 5);

            assertEquals(3, queue.usedCount());
            assertEquals(ids[0], queue.pollUsed());
            assertEquals(7, queue.usedLength(), "skipped: used completely");
            assertEquals(ids[1], queue.pollUsed());
            assertEquals(ids[2], queue.pollUsed());
            assertEquals(5, queue.usedLength());
            assertEquals(-1, queue.pollUsed());
            assertEquals(6, queue.lastUsedIndex());
        }
    }

    @Test
    void shouldOfferAReservedChainAgainAndAgain() throws IOException {
        try (DriverQueue queue = queue(3)) {
            final RawPackedRing ring = queue.packedRing();
            final int id = queue.reserve(new DriverChain().writable(0x1000, 16), 1);
            boolean wrap = true;
            for (int i = 0; i < 10; i++) {
                queue.offer(id);
                queue.publish();
                assertEquals(-1, queue.takeUsed());
                ring.releaseWord(i % 3, RawPackedRing.word(i, id, RawPackedRing.usedFlags(wrap)));
                assertEquals(1, queue.usedCount());
                assertEquals(id, queue.takeUsed());
                assertEquals(i, queue.usedLength());
                wrap ^= i % 3 == 2;
            }
            assertEquals(2, queue.freeDescriptors());
        }
    }
}
