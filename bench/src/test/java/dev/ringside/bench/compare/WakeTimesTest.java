package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** How long sleepers take to wake up. */
final class WakeTimesTest {
    @Test
    void shouldTellMedianAndHighPercentile() {
        WakeTimes times = new WakeTimes();
        for (int i = 200; i > 0; i--) {
            times.add(i * 1000L);
        }
        assertEquals(100_000, times.percentileNs(0.5));
        assertEquals(198_000, times.percentileNs(0.99));
        assertEquals("100.0 | 198.0", times.columns());
    }

    @Test
    void shouldWakeAThreadUpAgainAndAgain() throws IOException {
        WakeTimes times = new WakeTimes();
        try (BareSleeper sleeper = BareSleeper.start(0)) {
            times.take(sleeper, 20, 1_000_000);
        }
        assertTrue(times.percentileNs(0.5) > 0);
    }
}
