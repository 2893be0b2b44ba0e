package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class WatchdogTest {
    @Test
    void shouldTellThatItLivesAgainAndAgain() throws Exception {
        var signs = new CountDownLatch(3);
        try (var _ = new Watchdog(8_000, patience -> List.of(), signs::countDown)) {
            assertTrue(signs.await(30, TimeUnit.SECONDS));
        }
    }

    @Test
    void shouldTellNothingWhileAThreadDoesNotAnswer() throws Exception {
        var asked = new CountDownLatch(5);
        var signs = new AtomicInteger();
        var answers = new CountDownLatch(1);
        var alive = new CountDownLatch(1);
        try (var _ =
                new Watchdog(
                        8_000,
                        patience -> {
                            asked.countDown();
                            return answers.getCount() > 0 ? List.of("shard 0") : List.of();
                        },
                        () -> {
                            signs.incrementAndGet();
                            alive.countDown();
                        })) {
            assertTrue(asked.await(30, TimeUnit.SECONDS));
            assertEquals(0, signs.get());

            answers.countDown();

            assertTrue(alive.await(30, TimeUnit.SECONDS));
        }
    }
}
