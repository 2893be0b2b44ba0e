package dev.ringside.server.engine;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Asks a thread of the engine for a sign of life. Any thread; all who ask at the same time share
 * one question, so that asking a thread which hangs costs no more each time.
 */
final class Heartbeat {
    private final Consumer<Runnable> mailbox;
    private CompletableFuture<Boolean> asked = CompletableFuture.completedFuture(true);

    /**
     * Asks nothing yet.
     *
     * @param mailbox takes commands for the thread
     */
    Heartbeat(Consumer<Runnable> mailbox) {
        this.mailbox = mailbox;
    }

    /** What completes when the thread has answered. Only to be waited for. */
    synchronized CompletableFuture<Boolean> ask() {
        if (asked.isDone()) {
            final CompletableFuture<Boolean> fresh = new CompletableFuture<>();
            asked = fresh;
            mailbox.accept(() -> fresh.complete(true));
        }
        return asked;
    }
}
