package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver's ring arithmetic against a device written here, field by field. */
class DriverQueueTest {
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private FrontendMemory memory = new FrontendMemory();

    @BeforeEach
    void makeMemory() throws IOException {
        memory = FrontendMemory.likePc(4 << 20);
    }

    @AfterEach
    void freeMemory() {
        memory.close();
    }

    private DriverQueue queue(final int size, final boolean eventIdx) throws IOException {
        return new SplitDriverQueue(memory, QueueLayout.allocate(memory, 0, size), eventIdx);
    }

    @Test
    void shouldLinkDescriptorsWhenChainIsDirect() throws IOException {
        try (DriverQueue queue = queue(8, false)) {
            final int head =
                    queue.add(new DriverChain().readable(0x1000, 16).writable(0x2000, 512));
            queue.publish();

            final RawRing ring = queue.ring();
            final int second = ring.descriptorNext(head);
            assertEquals(1, ring.availableIndex());
            assertEquals(head, ring.available(0));
            assertEquals(0x1000, ring.descriptorAddress(head));
            assertEquals(16, ring.descriptorLength(head));
            assertEquals(VirtioSpec.DESC_F_NEXT, ring.descriptorFlags(head));
            assertEquals(0x2000, ring.descriptorAddress(second));
            assertEquals(512, ring.descriptorLength(second));
            assertEquals(VirtioSpec.DESC_F_WRITE, ring.descriptorFlags(second));
            assertEquals(6, queue.freeDescriptors());
        }
    }

    @Test
    void shouldUseOneDescriptorWhenChainIsIndirect() throws IOException {
        try (DriverQueue queue = queue(8, false)) {
            queue.enableIndirect(memory, 4);
            final int head =
                    queue.addIndirect(
                            new DriverChain().readable(1, 2).readable(3, 4).writable(5, 6));

            final RawRing ring = queue.ring();
            assertEquals(VirtioSpec.DESC_F_INDIRECT, ring.descriptorFlags(head));
            assertEquals(48, ring.descriptorLength(head));
            final var table = memory.slice(ring.descriptorAddress(head), 48);
            final RawRing view = new RawRing(4, table, table, table);
            assertEquals(1, view.descriptorAddress(0));
            assertEquals(VirtioSpec.DESC_F_NEXT, view.descriptorFlags(0));
            assertEquals(1, view.descriptorNext(0));
            assertEquals(5, view.descriptorAddress(2));
            assertEquals(VirtioSpec.DESC_F_WRITE, view.descriptorFlags(2));
        }
    }

    @Test
    void shouldEndDirectPartInIndirectTableWhenMixed() throws IOException {
        try (DriverQueue queue = queue(8, false)) {
            queue.enableIndirect(memory, 4);
            final int head =
                    queue.addMixed(
                            new DriverChain().readable(1, 2).readable(3, 4).writable(5, 6), 1);

            final RawRing ring = queue.ring();
            final int last = ring.descriptorNext(head);
            assertEquals(VirtioSpec.DESC_F_NEXT, ring.descriptorFlags(head));
            assertEquals(VirtioSpec.DESC_F_INDIRECT, ring.descriptorFlags(last));
            assertEquals(32, ring.descriptorLength(last));
            assertEquals(6, queue.freeDescriptors());
        }
    }

    @Test
    void shouldRefuseChainWhenDescriptorsAreUsedUp() throws IOException {
        try (DriverQueue queue = queue(4, false)) {
            final DriverChain three =
                    new DriverChain().readable(1, 1).readable(2, 1).writable(3, 1);
            assertTrue(queue.add(three) >= 0);
            assertEquals(-1, queue.add(three));
            assertTrue(queue.add(new DriverChain().writable(9, 1)) >= 0);
            assertEquals(0, queue.freeDescriptors());
        }
    }

    @Test
    void shouldRejectUsedBufferWhenDeviceWasNotGivenIt() throws IOException {
        try (DriverQueue queue = queue(4, false)) {
            queue.ring().used(0, 2, 0);
            queue.ring().usedIndex(1);
            assertThrows(IllegalStateException.class, queue::pollUsed);
        }
    }

    @Test
    void shouldWantKickOnlyWhenDeviceAsksWithoutEventIdx() throws IOException {
        try (DriverQueue queue = queue(8, false)) {
            final DriverChain chain = new DriverChain().writable(1, 1);
            queue.add(chain);
            assertTrue(queue.publish());
            queue.ring().usedFlags(VirtioSpec.USED_F_NO_NOTIFY);
            queue.add(chain);
            assertFalse(queue.publish());
            assertFalse(queue.publish(), "nothing new to publish");
        }
    }

    @Test
    void shouldWantKickOnlyWhenEventIndexIsPassed() throws IOException {
        try (DriverQueue queue = queue(8, true)) {
            final DriverChain chain = new DriverChain().writable(1, 1);
            queue.startAt(65_534);
            queue.ring().availableEvent(65_535);
            queue.add(chain);
            assertFalse(queue.publish(), "65534 -> 65535 does not pass event 65535");
            queue.add(chain);
            queue.add(chain);
            assertTrue(queue.publish(), "65535 -> 1 passes event 65535 across the wrap");
            queue.add(chain);
            assertFalse(queue.publish(), "event 65535 is behind now");
        }
    }

    @Test
    void shouldTellDeviceWhenCallsAreWanted() throws IOException {
        try (DriverQueue plain = queue(8, false);
                DriverQueue event = queue(8, true)) {
            plain.suppressCalls();
            assertEquals(VirtioSpec.AVAIL_F_NO_INTERRUPT, plain.ring().availableFlags());
            assertFalse(plain.requestCalls());
            assertEquals(0, plain.ring().availableFlags());

            event.startAt(100);
            event.suppressCalls();
            assertEquals(99, event.ring().usedEvent());
            assertEquals(0, event.ring().availableFlags(), "the flag is reserved with EVENT_IDX");
            assertFalse(event.requestCalls());
            assertEquals(100, event.ring().usedEvent());
        }
    }

    @Test
    void shouldNotSleepWhenBufferWasUsedBeforeCallsWereRequested() throws IOException {
        try (DriverQueue queue = queue(8, true)) {
            final int head = queue.add(new DriverChain().writable(1, 1));
            queue.publish();
            queue.ring().used(0, head, 1);
            queue.ring().usedIndex(1);
            assertTrue(queue.requestCalls());
            assertTrue(queue.awaitUsed(0));
            assertEquals(head, queue.pollUsed());
            assertEquals(1, queue.usedLength());
            assertFalse(queue.awaitUsed(0));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 256, 32768})
    void shouldKeepEveryDescriptorWhenDeviceAnswersInAnyOrder(final int size) throws IOException {
        final Random random = new Random(SEED);
        try (DriverQueue queue = queue(size, true)) {
            queue.startAt(65_000);
            final RawRing ring = queue.ring();
            final DriverChain chain = new DriverChain();
            int taken = 65_000;
            int used = 65_000;
            final Deque<Integer> held = new ArrayDeque<>();
            for (int round = 0; round < 2_000; round++) {
                chain.clear();
                for (int i = 0; i <= random.nextInt(Math.min(size, 4)); i++) {
                    chain.readable(i, 1);
                }
                queue.add(chain);
                queue.publish();
                while (taken != ring.availableIndex()) {
                    held.add(ring.available(taken));
                    taken = (taken + 1) & 0xffff;
                }
                if (random.nextInt(3) == 0 || queue.freeDescriptors() < 4) {
                    final List<Integer> order = new ArrayList<>(held);
                    Collections.shuffle(order, random);
                    held.clear();
                    for (final int head : order) {
                        ring.used(used, head, head);
                        used = (used + 1) & 0xffff;
                    }
                    ring.usedIndex(used);
                }
                for (int head = queue.pollUsed(); head >= 0; head = queue.pollUsed()) {
                    assertEquals(head, queue.usedLength());
                }
                assertEquals(held.size(), queue.inFlight(), "seed " + SEED);
            }
            held.forEach(
                    head -> {
                        ring.used(queue.lastUsedIndex(), head, head);
                        ring.usedIndex(queue.lastUsedIndex() + 1);
                        assertEquals(head, queue.pollUsed());
                    });
            assertEquals(size, queue.freeDescriptors(), "seed " + SEED);
        }
    }

    @Test
    void shouldOfferReservedChainAgainAndAgain() throws IOException {
        try (DriverQueue queue = queue(4, false)) {
            final DriverChain chain = new DriverChain().readable(0x1000, 16).readable(0x2000, 8);
            final int head = queue.reserve(chain, chain.count());
            assertEquals(0, queue.ring().availableIndex());
            for (int i = 0; i < 10; i++) {
                queue.offer(head);
                queue.publish();
                assertEquals(-1, queue.takeUsed());
                queue.ring().used(i, head, 100 + i);
                queue.ring().usedIndex(i + 1);
                assertEquals(1, queue.usedCount());
                assertEquals(head, queue.takeUsed());
                assertEquals(100 + i, queue.usedLength());
                assertEquals(2, queue.freeDescriptors());
            }
        }
    }

    @Test
    void shouldRefuseReservedChainThatDeviceReturnsTwice() throws IOException {
        try (DriverQueue queue = queue(4, false)) {
            final int head = queue.reserve(new DriverChain().readable(0x1000, 16), 1);
            queue.offer(head);
            queue.publish();
            queue.ring().used(0, head, 0);
            queue.ring().used(1, head, 0);
            queue.ring().usedIndex(2);
            assertEquals(head, queue.takeUsed());
            assertThrows(IllegalStateException.class, queue::takeUsed);
        }
    }
}
