package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.IoUring;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WakeUpsTest {
    private static final long WAIT_NS = 10_000_000_000L;

    private IoUring ring;
    private WakeUps wakeUps;
    private int signals;

    @BeforeEach
    void makeRing() throws Exception {
        ring = IoUring.create(8);
        wakeUps = new WakeUps(ring, 0);
    }

    @AfterEach
    void closeRing() {
        ring.close();
    }

    @Test
    void shouldSeeEachSignalWithoutReadingTheEventFd() throws Exception {
        try (EventFd kick = EventFd.create()) {
            wakeUps.watch(kick.number(), () -> signals++);

            for (int i = 1; i <= 3; i++) {
                kick.signal();
                awaitSignals(i);
            }

            assertEquals(3, signals);
        }
    }

    @Test
    void shouldSeeASignalFromBeforeTheWatch() throws Exception {
        try (EventFd kick = EventFd.create()) {
            kick.signal();

            wakeUps.watch(kick.number(), () -> signals++);

            awaitSignals(1);
        }
    }

    @Test
    void shouldStayQuietAfterForgetting() throws Exception {
        try (EventFd kick = EventFd.create();
                EventFd other = EventFd.create()) {
            final int token = wakeUps.watch(kick.number(), () -> signals += 1_000);
            wakeUps.forget(token);
            wakeUps.watch(other.number(), () -> signals++);

            kick.signal();
            other.signal();

            awaitSignals(1);
            assertEquals(1, signals);
        }
    }

    @Test
    void shouldWatchMoreFdsThanTheRingHasEntriesAndReuseTokens() throws Exception {
        try (EventFd kick = EventFd.create()) {
            for (int i = 0; i < 200; i++) {
                final int token = wakeUps.watch(kick.number(), () -> signals += 1_000);
                wakeUps.forget(token);
                reap();
            }
            for (int i = 0; i < 50; i++) {
                wakeUps.watch(kick.number(), () -> signals++);
            }

            kick.signal();

            awaitSignals(50);
            assertEquals(50, signals);
        }
    }

    private void awaitSignals(int wanted) {
        final long deadlineNs = System.nanoTime() + WAIT_NS;
        while (signals < wanted && System.nanoTime() - deadlineNs < 0) {
            reap();
        }
        assertEquals(wanted, signals);
    }

    private void reap() {
        ring.submitAndWait(1, 50_000_000);
        ring.complete((data, result, flags) -> wakeUps.onCompletion((int) data, result, flags), 64);
    }
}
