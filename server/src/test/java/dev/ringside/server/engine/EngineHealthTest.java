package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class EngineHealthTest {
    private static final long LIMIT_MS = 60_000;
    private static final EngineConfig CONFIG = EngineConfig.of(2, IdleMode.ADAPTIVE);

    @Test
    void shouldSayWhichThreadDoesNotAnswer() throws Exception {
        var stuck = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        try (Engine engine = Engine.start(CONFIG, new MetricsRegistry())) {
            assertEquals(List.of(), engine.failures(LIMIT_MS));
            Thread caller =
                    Thread.ofVirtual()
                            .start(
                                    () ->
                                            onShard(
                                                    engine,
                                                    () -> {
                                                        stuck.countDown();
                                                        await(release);
                                                    }));
            stuck.await();

            List<String> failures = engine.failures(3_000);

            assertEquals(List.of("shard 1 does not answer within 3000 ms"), failures);
            release.countDown();
            caller.join();
            assertEquals(List.of(), engine.failures(LIMIT_MS));
        }
    }

    private static void onShard(Engine engine, Runnable action) {
        try {
            engine.onShard(1, shard -> action.run());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void shouldBeReadyOnlyWhileItServes() throws Exception {
        try (Engine engine = Engine.startHeld(CONFIG, new MetricsRegistry())) {
            assertEquals("starting", engine.notReady());
            engine.release();
            assertNull(engine.notReady());

            var frozen = engine.freeze();
            assertEquals("another process takes over", engine.notReady());
            var thawed = engine.thaw();
            assertNull(engine.notReady());

            assertTrue(engine.shutdown(LIMIT_MS));
            assertEquals("ending", engine.notReady());
            assertTrue(frozen.isDone() || thawed.isDone() || engine.failures(LIMIT_MS).isEmpty());
        }
        try (Engine engine = Engine.startFrozen(CONFIG, new MetricsRegistry())) {
            assertEquals("another process takes over", engine.notReady());
            assertTrue(engine.thaw().isDone() || engine.failures(LIMIT_MS).isEmpty());
            assertNull(engine.notReady());
        }
    }

    @Test
    void shouldCountTheTimeThatAShardIsAwake() throws Exception {
        var registry = new MetricsRegistry();
        try (Engine engine = Engine.start(CONFIG.withSlow(SlowLimits.ofMillis(1, 1)), registry)) {
            long began = System.nanoTime();
            engine.onShard(0, shard -> waste(TimeUnit.MILLISECONDS.toNanos(20)));
            // The turn is counted when the next one begins.
            engine.onShard(0, shard -> {});
            long tookNs = System.nanoTime() - began;

            long busyNs = ShardTotals.of(registry, 0, "ringside_shard_awake_seconds_total", "busy");
            assertTrue(busyNs >= 20_000_000, busyNs + " ns");
            assertTrue(busyNs <= tookNs + 1_000_000_000L, busyNs + " of " + tookNs + " ns");
            assertTrue(ShardTotals.of(registry, 0, "ringside_shard_stalls_total", "") >= 1);
        }
    }

    private static void waste(long ns) {
        long end = System.nanoTime() + ns;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }
}
