package dev.ringside.virtio.blk.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.blk.backend.TestSeed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How queues share limits, in a time that the test makes. */
class QueueMeterTest {
    private static final long SECOND_NS = 1_000_000_000;
    private static final long MS_NS = 1_000_000;

    private final Random random = TestSeed.random("QueueMeterTest");

    private static LimitGroup group(LimitKind kind, long rate, long burst) {
        return new LimitGroup(new BlkLimits(Map.of(kind, new Limit(rate, burst))));
    }

    /** A queue with requests of one size that never ends, on a shard that may be late. */
    private final class Greedy {
        private final QueueMeter meter;
        private final long bytes;
        private final long lateNs;
        private long nextNs;
        private long passed;

        Greedy(List<LimitGroup> groups, long bytes, long lateNs, long nowNs) {
            meter = new QueueMeter(groups);
            this.bytes = bytes;
            this.lateNs = lateNs;
            nextNs = nowNs;
        }

        void poll(long nowNs) {
            while (meter.allows(true, bytes, nowNs)) {
                meter.take(true, bytes);
                passed++;
            }
            long lateness = lateNs == 0 ? 0 : random.nextLong(lateNs);
            nextNs = nowNs + meter.awayNs(true, nowNs) + lateness;
        }
    }

    private static void run(List<Greedy> queues, long untilNs) {
        while (true) {
            Greedy next = queues.getFirst();
            for (Greedy queue : queues) {
                if (queue.nextNs - next.nextNs < 0) {
                    next = queue;
                }
            }
            if (next.nextNs - untilNs > 0) {
                return;
            }
            next.poll(next.nextNs);
        }
    }

    private static void assertNear(double expected, long actual, double part, String what) {
        assertTrue(
                Math.abs((double) actual - expected) <= part * expected,
                () -> what + ": " + actual + " instead of " + expected);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 0",
        "100, 1, 0",
        "100, 1, 5",
        "100, 16, 5",
        "777, 3, 5",
        "20000, 1, 5",
        "20000, 5, 1",
        "1000000, 1, 5",
        "1000000, 16, 2"
    })
    void shouldKeepTheRateHoweverManyQueuesAndHoweverLate(long iops, int queues, long lateMs) {
        LimitGroup group = group(LimitKind.IOPS, iops, 0);
        long startNs = System.nanoTime();
        List<Greedy> greedy = new ArrayList<>();
        for (int i = 0; i < queues; i++) {
            greedy.add(new Greedy(List.of(group), 4096, lateMs * MS_NS, startNs));
        }
        long seconds = Math.max(2, 20_000 / iops);
        run(greedy, startNs + seconds * SECOND_NS);
        long before = greedy.stream().mapToLong(queue -> queue.passed).sum();
        run(greedy, startNs + 2 * seconds * SECOND_NS);
        long passed = greedy.stream().mapToLong(queue -> queue.passed).sum() - before;
        assertNear((double) iops * seconds, passed, 0.01, "requests");
    }

    @Test
    void shouldLoseNothingToAShardThatIsLateLongerThanABurst() {
        LimitGroup group = group(LimitKind.IOPS, 20_000, 1);
        long startNs = System.nanoTime();
        Greedy queue = new Greedy(List.of(group), 4096, 80 * MS_NS, startNs);
        run(List.of(queue), startNs + 20 * SECOND_NS);
        assertNear(400_000, queue.passed, 0.01, "requests");
    }

    @Test
    void shouldShareBytesEquallyAmongDisksWhateverTheirRequestsAre() {
        long rate = 100 << 20;
        LimitGroup group = group(LimitKind.BPS_WRITE, rate, 0);
        long startNs = System.nanoTime();
        List<Greedy> greedy = new ArrayList<>();
        for (long bytes : new long[] {512, 4096, 65536, 1 << 20}) {
            LimitGroup own = new LimitGroup(BlkLimits.NONE);
            greedy.add(new Greedy(List.of(group, own), bytes, MS_NS, startNs));
        }
        run(greedy, startNs + 20 * SECOND_NS);
        for (Greedy queue : greedy) {
            assertNear(
                    5.0 * rate, queue.passed * queue.bytes, 0.02, queue.bytes + "-byte requests");
        }
    }

    @Test
    void shouldGiveOthersWhatAMemberMayNotUse() {
        LimitGroup group = group(LimitKind.IOPS, 10_000, 0);
        LimitGroup own = group(LimitKind.IOPS, 1_000, 0);
        long startNs = System.nanoTime();
        Greedy limited = new Greedy(List.of(group, own), 512, MS_NS, startNs);
        Greedy other = new Greedy(List.of(group), 512, MS_NS, startNs);
        run(List.of(limited, other), startNs + 20 * SECOND_NS);
        assertNear(20_000, limited.passed, 0.02, "the limited one's requests");
        assertNear(180_000, other.passed, 0.02, "the other's requests");
    }

    @Test
    void shouldAllowABurstAfterAPauseAndNoMore() {
        QueueMeter meter = new QueueMeter(List.of(group(LimitKind.IOPS, 1000, 50)));
        long nowNs = System.nanoTime();
        for (int round = 0; round < 3; round++) {
            meter.begin(nowNs);
            int passed = 0;
            while (meter.allows(false, 512, nowNs)) {
                meter.take(false, 512);
                passed++;
            }
            assertEquals(50, passed);
            nowNs += 60 * SECOND_NS;
        }
    }

    @Test
    void shouldOweWhatWentWithoutAsking() {
        QueueMeter meter = new QueueMeter(List.of(group(LimitKind.BPS, 1 << 20, 0)));
        long startNs = System.nanoTime();
        meter.take(true, 10 << 20);
        meter.stop(() -> {});
        long nowNs = startNs;
        while (!meter.allows(true, 4096, nowNs)) {
            nowNs += meter.awayNs(true, nowNs);
        }
        assertNear(10.0 * SECOND_NS, nowNs - startNs, 0.01, "wait");
    }

    @Test
    void shouldLimitReadsAndWritesApart() {
        QueueMeter meter = new QueueMeter(List.of(group(LimitKind.IOPS_WRITE, 1, 0)));
        long nowNs = System.nanoTime();
        assertTrue(meter.allows(true, 512, nowNs));
        meter.take(true, 512);
        assertFalse(meter.allows(true, 512, nowNs));
        for (int i = 0; i < 1000; i++) {
            assertTrue(meter.allows(false, 512, nowNs));
            meter.take(false, 512);
        }
    }

    @Test
    void shouldFollowChangesAndWakeTheShards() {
        LimitGroup group = new LimitGroup(BlkLimits.NONE);
        QueueMeter meter = new QueueMeter(List.of(group));
        int[] rung = new int[1];
        meter.start(() -> rung[0]++);
        assertFalse(meter.refresh());
        group.set(new BlkLimits(Map.of(LimitKind.IOPS, new Limit(1, 0))));
        assertEquals(1, rung[0]);
        assertTrue(meter.refresh());
        long nowNs = System.nanoTime();
        assertTrue(meter.allows(false, 512, nowNs));
        meter.take(false, 512);
        assertFalse(meter.allows(false, 512, nowNs));
        group.set(group.limits().with(Map.of(LimitKind.BPS, new Limit(1 << 20, 0))));
        meter.refresh();
        assertFalse(meter.allows(false, 512, nowNs), "what stays as it was begins not anew");
        group.set(BlkLimits.NONE);
        assertFalse(meter.refresh());
        assertTrue(meter.allows(false, 512, nowNs));
        meter.stop(() -> rung[0]++);
    }

    @Test
    void shouldSaveNothingUpWhileItWantsNothing() {
        QueueMeter meter = new QueueMeter(List.of(group(LimitKind.IOPS, 1000, 1)));
        long nowNs = System.nanoTime();
        for (int round = 0; round < 20; round++) {
            meter.begin(nowNs);
            int passed = 0;
            while (meter.allows(false, 512, nowNs)) {
                meter.take(false, 512);
                passed++;
            }
            // A burst of 4 ms, and what was left of the slice.
            assertTrue(passed <= 4 + 4, passed + " requests");
            nowNs += meter.awayNs(false, nowNs);
            assertTrue(meter.allows(false, 512, nowNs), "the one that waited");
            while (meter.allows(false, 512, nowNs)) {
                meter.take(false, 512);
            }
            nowNs += meter.awayNs(false, nowNs);
            assertTrue(meter.allows(false, 512, nowNs));
            meter.take(false, 512);
            nowNs += 9 * MS_NS;
        }
    }

    @Test
    void shouldGiveNoSliceTwiceWhenThreadsReserveTogether() throws Exception {
        int each = 100_000;
        LimitLine line = new LimitLine(LimitKind.IOPS, new Limit(1000, 0), System.nanoTime());
        // Long ago: nothing is lost to a pause, so that the slices lie side by side.
        long nowTicks = LimitLine.ticks(System.nanoTime() - 3600 * SECOND_NS);
        long[][] given = new long[4][each];
        CyclicBarrier together = new CyclicBarrier(given.length);
        Thread[] threads = new Thread[given.length];
        for (int i = 0; i < threads.length; i++) {
            long[] mine = given[i];
            threads[i] = Thread.ofPlatform().start(() -> reserve(line, nowTicks, together, mine));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        long[] sorted = Arrays.stream(given).flatMapToLong(Arrays::stream).sorted().toArray();
        // A slice is 4 ms.
        long slice = LimitLine.ticks(4 * MS_NS);
        for (int i = 1; i < sorted.length; i++) {
            assertEquals(slice, sorted[i] - sorted[i - 1]);
        }
    }

    private static void reserve(
            LimitLine line, long nowTicks, CyclicBarrier together, long[] given) {
        try {
            Meter meter = new Meter();
            together.await();
            for (int i = 0; i < given.length; i++) {
                line.reserve(nowTicks, 1, meter);
                given[i] = meter.awayTicks(nowTicks);
            }
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException(e);
        }
    }
}
