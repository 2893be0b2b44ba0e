package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class HeartbeatTest {
    private final ArrayDeque<Runnable> mailbox = new ArrayDeque<>();
    private final Heartbeat heartbeat = new Heartbeat(mailbox::add);

    @Test
    void shouldAskAgainOnceItWasAnswered() {
        CompletableFuture<Boolean> first = heartbeat.ask();
        assertFalse(first.isDone());

        mailbox.remove().run();
        assertTrue(first.isDone());
        CompletableFuture<Boolean> second = heartbeat.ask();

        assertFalse(second.isDone());
        assertEquals(1, mailbox.size());
    }

    @Test
    void shouldNotFillTheMailboxOfAThreadThatHangs() {
        CompletableFuture<Boolean> first = heartbeat.ask();

        for (int i = 0; i < 1_000; i++) {
            assertSame(first, heartbeat.ask());
        }

        assertEquals(1, mailbox.size());
    }
}
