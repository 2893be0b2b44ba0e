package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** How much is read from a front-end that never stops sending, by a clock of the test's own. */
class MessageRateTest {
    private static final long MS = 1_000_000;
    private static final long SECOND = 1_000 * MS;

    @Test
    void shouldReadNoFasterThanTheRate() {
        MessageRate rate = new MessageRate(1_000, 0);
        long now = 0;
        int read = 0;
        while (now < 10 * SECOND) {
            long pauseMs = rate.pauseMs(now);
            if (pauseMs == 0) {
                rate.read(now);
                read++;
                now += MS / 100;
            } else {
                now += pauseMs * MS;
            }
        }
        assertTrue(read > 9_900 && read <= 10_110, "in ten seconds: " + read);
    }

    @Test
    void shouldNotPauseWhoStaysBelowTheRate() {
        MessageRate rate = new MessageRate(1_000, 0);
        for (long now = 0; now < SECOND; now += 2 * MS) {
            assertEquals(0, rate.pauseMs(now));
            rate.read(now);
        }
    }

    @Test
    void shouldAllowABurstAfterSilence() {
        MessageRate rate = new MessageRate(1_000, 0);
        long now = 100 * SECOND;
        for (int i = 0; i < 100; i++) {
            assertEquals(0, rate.pauseMs(now), "message " + i);
            rate.read(now);
        }
        rate.read(now);
        assertTrue(rate.pauseMs(now) > 0);
    }
}
