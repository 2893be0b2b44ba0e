package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatencyRecorderTest {
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());

    @Test
    void shouldStayWithinBucketWidthOfTheTruePercentile() {
        final Random random = new Random(SEED);
        final LatencyRecorder recorder = new LatencyRecorder();
        final long[] all = new long[10_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = random.nextLong() >>> 1 >>> random.nextInt(60);
            recorder.record(all[i]);
        }
        Arrays.sort(all);
        for (final double share : new double[] {0.01, 0.5, 0.99, 1}) {
            final long exact = all[(int) Math.ceil(all.length * share) - 1];
            final long got = recorder.percentileNs(share);
            assertTrue(
                    got >= exact && got - exact <= exact / 16 + 1,
                    "seed " + SEED + " share " + share + ": " + got + " for " + exact);
        }
        assertEquals(all[all.length - 1], recorder.maxNs());
    }

    @Test
    void shouldAddUpWhenMerged() {
        final LatencyRecorder a = new LatencyRecorder();
        final LatencyRecorder b = new LatencyRecorder();
        a.record(10);
        b.record(30);
        b.record(-5);
        a.add(b);
        assertEquals(3, a.count());
        assertEquals(13, a.meanNs());
        assertEquals(30, a.maxNs());
        assertEquals(10, a.percentileNs(0.5));
    }
}
