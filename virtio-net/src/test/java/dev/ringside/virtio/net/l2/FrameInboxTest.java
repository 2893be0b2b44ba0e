package dev.ringside.virtio.net.l2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class FrameInboxTest {
    private final FrameInbox inbox = new FrameInbox(4);
    private final Frame frame = new Frame(FrameKeeper.NONE, 1);

    @Test
    void shouldGiveBackInOrderWhatWasPutIn() {
        for (int round = 0; round < 10; round++) {
            Frame other = new Frame(FrameKeeper.NONE, 1);
            assertTrue(inbox.idle());
            assertFalse(inbox.hasNext());
            assertTrue(inbox.offer(frame, round, 100 + round));
            assertTrue(inbox.offer(other, -1, 0));

            assertFalse(inbox.idle());
            assertTrue(inbox.hasNext());
            assertSame(frame, inbox.next());
            assertEquals(round, inbox.note());
            assertEquals(100 + round, inbox.timeNs());
            inbox.remove();
            assertSame(other, inbox.next());
            inbox.remove();
        }
    }

    @Test
    void shouldRefuseWhatItHasNoRoomFor() {
        for (int i = 0; i < 4; i++) {
            assertTrue(inbox.offer(frame, i, 0));
        }
        assertFalse(inbox.offer(frame, 4, 0));

        inbox.remove();

        assertTrue(inbox.offer(frame, 4, 0));
        assertFalse(inbox.offer(frame, 5, 0));
        assertThrows(IllegalArgumentException.class, () -> new FrameInbox(3));
    }

    @Test
    void shouldTakeNothingWhenClosedButGiveWhatItHas() {
        assertTrue(inbox.offer(frame, 1, 0));

        inbox.close();

        assertFalse(inbox.offer(frame, 2, 0));
        assertFalse(inbox.idle());
        assertTrue(inbox.hasNext());
        inbox.remove();
        assertTrue(inbox.idle());
        assertFalse(inbox.hasNext());
    }

    /** Several threads offer until it is closed: what was taken in comes out, each in its order. */
    @Test
    void shouldLoseNothingBetweenThreads() throws Exception {
        int threads = 3;
        FrameInbox shared = new FrameInbox(16);
        AtomicLong offered = new AtomicLong();
        long[] next = new long[threads];
        long taken = 0;
        AtomicBoolean closed = new AtomicBoolean();
        try (var pool = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int thread = i;
                done.add(
                        pool.submit(
                                () -> {
                                    long mine = offerUntil(closed, shared, thread);
                                    offered.addAndGet(mine);
                                    return 0;
                                }));
            }
            while (!closed.get() || !shared.idle()) {
                if (!shared.hasNext()) {
                    Thread.onSpinWait();
                    continue;
                }
                int thread = (int) shared.note();
                assertSame(frame, shared.next());
                assertEquals(next[thread]++, shared.timeNs());
                shared.remove();
                if (++taken == 50_000) {
                    shared.close();
                    closed.set(true);
                }
            }
            for (Future<?> each : done) {
                each.get();
            }
        }
        assertEquals(offered.get(), taken);
    }

    private long offerUntil(AtomicBoolean closed, FrameInbox shared, int thread) {
        long mine = 0;
        while (!closed.get()) {
            if (shared.offer(frame, thread, mine)) {
                mine++;
            } else {
                Thread.onSpinWait();
            }
        }
        return mine;
    }
}
