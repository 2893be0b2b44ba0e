package dev.ringside.frontend;

import dev.ringside.shm.CpuAffinity;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A load on a thread of its own; {@code R} is its result. Any thread may ask and wait. */
final class LoadThread<R> {
    private final CompletableFuture<R> result = new CompletableFuture<>();

    private LoadThread() {}

    /** Starts it, pinned to the given processors if there are any. */
    static <R> LoadThread<R> start(final Callable<R> load, final int... cpus) {
        final LoadThread<R> thread = new LoadThread<>();
        Thread.ofPlatform()
                .daemon()
                .name("ringside-load")
                .start(
                        () -> {
                            try {
                                if (cpus.length > 0) {
                                    CpuAffinity.pinCurrentThread(cpus);
                                }
                                thread.result.complete(load.call());
                            } catch (Throwable t) {
                                thread.result.completeExceptionally(t);
                            }
                        });
        return thread;
    }

    boolean ended() {
        return result.isDone();
    }

    R join() throws IOException {
        try {
            return result.get(10, TimeUnit.MINUTES);
        } catch (ExecutionException e) {
            throw new IOException("the load failed: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new IOException("the load did not end", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the load ran", e);
        }
    }
}
