package dev.ringside.server.engine;

import dev.ringside.server.log.Log;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tells a service manager that this process lives, as long as all its threads answer. One that does
 * not is a reason to be ended and started again: front-ends connect again, and no request is lost.
 * Any thread.
 */
public final class Watchdog implements AutoCloseable {
    /** What does not answer. */
    public interface Question {
        /** A line for each thread that does not answer within {@code patienceMs}, milliseconds. */
        List<String> failures(long patienceMs) throws InterruptedException;
    }

    private final long periodMs;
    private final Question question;
    private final Runnable alive;
    private final CountDownLatch closed = new CountDownLatch(1);
    private boolean told;

    /**
     * Begins.
     *
     * @param limitUs what the service manager waits for a sign of life, microseconds
     * @param question asked on a thread of its own, as {@code alive} is called
     * @param alive gives the sign of life
     */
    public Watchdog(long limitUs, Question question, Runnable alive) {
        // Half of its time, as it asks for; a quarter is left to answer in.
        periodMs = Math.max(1, TimeUnit.MICROSECONDS.toMillis(limitUs) / 4);
        this.question = question;
        this.alive = alive;
        Thread.ofPlatform().daemon().name("watchdog").start(this::watch);
    }

    private void watch() {
        try {
            do {
                List<String> failures = question.failures(periodMs);
                if (failures.isEmpty()) {
                    alive.run();
                    told = false;
                } else if (!told) {
                    told = true;
                    Log.about("watchdog")
                            .warn("the service manager will end this process: " + failures);
                }
            } while (!closed.await(periodMs, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            // Nobody interrupts it: it is ended by being closed.
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it; nothing is told any more. */
    @Override
    public void close() {
        closed.countDown();
    }
}
