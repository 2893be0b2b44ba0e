package dev.ringside.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.LatencyHistogram.Snapshot;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where durations are counted and what is exported of them. */
final class LatencyHistogramTest {
    private static long boundOf(Snapshot snapshot, long ns) {
        int bucket = 0;
        while (snapshot.upperBoundsNs()[bucket] < ns) {
            bucket++;
        }
        return snapshot.upperBoundsNs()[bucket];
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                0,
                1,
                255,
                256,
                257,
                287,
                288,
                511,
                512,
                1000,
                1023,
                1024,
                123_456,
                1_000_000_000L,
                68_719_476_735L,
                68_719_476_736L,
                Long.MAX_VALUE
            })
    void shouldCountADurationWhereItBelongs(long ns) {
        LatencyHistogram histogram = new LatencyHistogram();

        histogram.record(ns);

        Snapshot detailed = histogram.detailedSnapshot();
        assertEquals(1, detailed.count());
        assertEquals(ns, detailed.sumNs());
        assertEquals(boundOf(detailed, ns), detailed.quantileNs(0.5));
        Snapshot coarse = histogram.snapshot();
        assertEquals(boundOf(coarse, ns), coarse.quantileNs(0.5));
        assertEquals(1, Arrays.stream(coarse.counts()).sum());
    }

    @Test
    void shouldCountANegativeDurationAsZero() {
        LatencyHistogram histogram = new LatencyHistogram();

        histogram.record(Long.MIN_VALUE);

        assertEquals(0, histogram.snapshot().sumNs());
        assertEquals(1, histogram.snapshot().counts()[0]);
    }

    @Test
    void shouldKeepEveryBucketWithinAnEighth() {
        long[] bounds = new LatencyHistogram().detailedSnapshot().upperBoundsNs();

        for (int i = 1; i < bounds.length - 1; i++) {
            long low = bounds[i - 1] + 1;
            assertTrue(bounds[i] >= low, "bounds must rise");
            assertTrue((bounds[i] - bounds[i - 1]) * 8 <= low, "bucket " + i + " is too wide");
        }
        assertEquals(255, bounds[0]);
        assertEquals((1L << 36) - 1, bounds[bounds.length - 2]);
        assertEquals(Long.MAX_VALUE, bounds[bounds.length - 1]);
    }

    @Test
    void shouldExportAModerateNumberOfPowersOfTwo() {
        long[] bounds = new LatencyHistogram().snapshot().upperBoundsNs();

        assertEquals(25, bounds.length);
        for (int i = 0; i < bounds.length - 1; i++) {
            assertEquals((1024L << i) - 1, bounds[i]);
        }
        assertEquals(Long.MAX_VALUE, bounds[bounds.length - 1]);
    }

    @Test
    void shouldGiveQuantilesOneBucketHighAtMost() {
        SplittableRandom random = new SplittableRandom(7);
        LatencyHistogram histogram = new LatencyHistogram();
        long[] all = new long[10_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = 300 + (1L << random.nextInt(9, 30)) + random.nextInt(400);
            histogram.record(all[i]);
        }
        Arrays.sort(all);

        for (double share : new double[] {0.01, 0.5, 0.9, 0.99, 1}) {
            long exact = all[(int) Math.ceil(share * all.length) - 1];
            long told = histogram.detailedSnapshot().quantileNs(share);
            assertTrue(told >= exact && told <= exact + exact / 8, told + " for " + exact);
        }
    }

    @Test
    void shouldAddSnapshotsUp() {
        LatencyHistogram a = new LatencyHistogram();
        LatencyHistogram b = new LatencyHistogram();
        a.record(2000);
        b.record(2000);
        b.record(5_000_000);

        Snapshot both = a.snapshot().plus(b.snapshot());

        assertEquals(3, both.count());
        assertEquals(5_004_000, both.sumNs());
        assertEquals(2, both.counts()[1]);
        assertArrayEquals(a.snapshot().upperBoundsNs(), both.upperBoundsNs());
        assertThrows(IllegalArgumentException.class, () -> a.snapshot().plus(b.detailedSnapshot()));
    }

    @Test
    void shouldAnswerZeroWhenEmptyAndRefuseImpossibleShares() {
        Snapshot empty = new LatencyHistogram().snapshot();

        assertEquals(0, empty.quantileNs(0.99));
        assertThrows(IllegalArgumentException.class, () -> empty.quantileNs(1.01));
        assertThrows(IllegalArgumentException.class, () -> empty.quantileNs(Double.NaN));
    }

    @Test
    void shouldKeepTheLastDurationOfEachBucketAsAnExample() {
        var histogram = new LatencyHistogram(true);
        long before = System.currentTimeMillis();
        histogram.record(1_500, 7);
        histogram.record(1_600, 8);
        histogram.record(5_000_000, 9);
        histogram.record(-4, 10);
        histogram.record(Long.MAX_VALUE, 11);

        List<Exemplar> shown = histogram.snapshot().exemplars();

        assertEquals(List.of(10L, 8L, 9L, 11L), shown.stream().map(Exemplar::place).toList());
        assertEquals(1_600, shown.get(1).durationNs());
        assertTrue(shown.stream().allMatch(one -> one.timeMs() >= before));
    }

    @Test
    void shouldKeepNoExamplesUnlessAsked() {
        var histogram = new LatencyHistogram();
        histogram.record(1_500, 7);

        assertEquals(List.of(), histogram.snapshot().exemplars());
        assertEquals(1, histogram.snapshot().count());
    }

    @Test
    void shouldKeepExamplesInTheBucketThatCountsThem() {
        List<Long> bounds = LatencyHistogram.exportedBoundsNs();
        for (int i = 0; i <= bounds.size(); i++) {
            var histogram = new LatencyHistogram(true);
            histogram.record(i == 0 ? 0 : bounds.get(i - 1), i);
            LatencyHistogram.Snapshot snapshot = histogram.snapshot();
            assertEquals(1, snapshot.counts()[i], "bucket " + i);
            assertEquals(i, snapshot.exemplars().getFirst().place());
        }
    }

    @Test
    void shouldShowTheLaterExampleOfTwoHistograms() {
        Exemplar early = new Exemplar(1_500, 10, 1);
        Exemplar late = new Exemplar(1_600, 20, 2);
        Exemplar other = new Exemplar(9_000, 5, 3);

        List<Exemplar> merged = Exemplars.merged(List.of(early, other), List.of(late));

        assertEquals(Set.of(late, other), Set.copyOf(merged));
    }
}
