package dev.ringside.server.engine;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * One thread for what may block and that shards and conductor must not wait for, in the order in
 * which it is given. Any thread.
 */
public final class SlowWork implements Executor, AutoCloseable {
    private final ExecutorService thread;

    /**
     * Starts it; it keeps no process alive.
     *
     * @param name of the thread, for people
     */
    public SlowWork(String name) {
        thread =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name(name).factory());
    }

    @Override
    public void execute(Runnable work) {
        thread.execute(work);
    }

    /** Takes nothing more; what was given is still done. */
    public void end() {
        thread.shutdown();
    }

    /** Takes nothing more and waits until all that was given is done. */
    @Override
    public void close() {
        thread.close();
    }
}
