package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtqueue.device.Doorbell;
import dev.ringside.virtqueue.device.ShardTask;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a shard polls besides queues, and what wakes it for that. */
class ShardTaskTest {
    private static final int HAND_OVERS = 20_000;
    private static final long PATIENCE_S = 60;

    private Engine engine;

    @BeforeEach
    void start() throws Exception {
        // No spin: the shard sleeps whenever it may.
        engine =
                Engine.start(
                        EngineConfig.of(1, IdleMode.ADAPTIVE).withMaxSpinNs(0),
                        new MetricsRegistry());
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    /** Takes what another thread hands over, and says after each that it did. */
    private static final class Taker implements ShardTask {
        final AtomicInteger handedOver = new AtomicInteger();
        final AtomicInteger taken = new AtomicInteger();

        @Override
        public int poll(int budget) {
            final int work = handedOver.getAndSet(0);
            taken.addAndGet(work);
            return work;
        }

        @Override
        public boolean hasWork() {
            return handedOver.get() > 0;
        }
    }

    @Test
    void shouldNeverSleepThroughADoorbell() throws Exception {
        final Taker taker = new Taker();
        final CompletableFuture<Doorbell> bell = new CompletableFuture<>();
        engine.onShard(
                0,
                shard -> {
                    bell.complete(shard.doorbell());
                    shard.addTask(taker);
                });
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);

        for (int i = 1; i <= HAND_OVERS; i++) {
            taker.handedOver.incrementAndGet();
            bell.join().ring();
            while (taker.taken.get() < i) {
                assertTrue(System.nanoTime() < deadlineNs, "hand-over " + i + " was slept through");
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void shouldNotSleepBeyondTheDeadlineAskedFor() throws Exception {
        final CountDownLatch polls = new CountDownLatch(50);
        engine.onShard(
                0,
                shard -> {
                    shard.addTask(
                            budget -> {
                                polls.countDown();
                                shard.wakeBy(shard.nowNs() + 100_000);
                                return 0;
                            });
                });

        assertTrue(polls.await(PATIENCE_S, TimeUnit.SECONDS), "the shard slept on");
    }

    @Test
    void shouldPollNoMoreWhenRemoved() throws Exception {
        final Taker taker = new Taker();
        engine.onShard(0, shard -> shard.addTask(taker));
        engine.onShard(0, shard -> shard.removeTask(taker));
        taker.handedOver.incrementAndGet();

        for (int i = 0; i < 3; i++) {
            engine.onShard(0, shard -> {});
        }

        assertEquals(0, taker.taken.get());
    }

    @Test
    void shouldGoOnWithoutATaskThatFails() throws Exception {
        final Taker taker = new Taker();
        final CountDownLatch failed = new CountDownLatch(1);
        engine.onShard(
                0,
                shard -> {
                    shard.addTask(
                            budget -> {
                                failed.countDown();
                                throw new IllegalStateException("a bug");
                            });
                    shard.addTask(taker);
                });
        assertTrue(failed.await(PATIENCE_S, TimeUnit.SECONDS));
        final CompletableFuture<Doorbell> bell = new CompletableFuture<>();
        engine.onShard(0, shard -> bell.complete(shard.doorbell()));
        taker.handedOver.incrementAndGet();
        bell.join().ring();

        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (taker.taken.get() == 0) {
            assertTrue(System.nanoTime() < deadlineNs, "the other task is not polled");
            Thread.onSpinWait();
        }

        assertFalse(engine.healthy());
    }

    @Test
    void shouldTellTheCallerWhatFailed() {
        final IllegalStateException e =
                assertThrows(
                        IllegalStateException.class,
                        () ->
                                engine.onShard(
                                        0,
                                        shard -> {
                                            throw new IllegalArgumentException("no such tap");
                                        }));

        assertTrue(String.valueOf(e.getMessage()).contains("no such tap"), e.getMessage());
    }
}
