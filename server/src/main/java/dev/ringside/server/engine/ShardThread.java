package dev.ringside.server.engine;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.log.Log;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.RingView;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.ShardContext;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The conductor's end of a shard: starts its thread and turns calls into commands. Every method may
 * be called on any thread; callbacks run on the shard and must only post back.
 */
final class ShardThread implements AutoCloseable {
    private final int index;
    private final Mailbox mailbox;
    private final Thread thread;
    private final CompletableFuture<Shard> shard = new CompletableFuture<>();
    private final Heartbeat heartbeat;
    private volatile boolean running = true;
    private volatile boolean healthy = true;

    int index() {
        return index;
    }

    private ShardThread(int index, EngineConfig config, MetricsRegistry metrics)
            throws LinuxException {
        this.index = index;
        mailbox = new Mailbox();
        heartbeat = new Heartbeat(mailbox::post);
        thread = new Thread(() -> run(config, metrics), "ringside-shard-" + index);
    }

    /** Starts the thread and waits until its shard stands; throws what kept it from standing. */
    static ShardThread start(int index, EngineConfig config, MetricsRegistry metrics)
            throws IOException {
        final ShardThread started = new ShardThread(index, config, metrics);
        started.thread.start();
        try {
            started.shard.join();
        } catch (CompletionException e) {
            started.mailbox.close();
            final Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
            throw new IOException("shard " + index + ": " + cause.getMessage(), e);
        }
        return started;
    }

    void addQueue(QueueSlot slot, Runnable done) {
        command(
                shard -> {
                    shard.add(slot);
                    done.run();
                });
    }

    void stopQueue(QueueSlot slot, Consumer<Virtqueue> done) {
        command(
                shard ->
                        slot.stop(
                                queue -> {
                                    shard.remove(slot);
                                    done.accept(queue);
                                }));
    }

    void enableQueue(QueueSlot slot, boolean enabled, Runnable done) {
        command(shard -> slot.setEnabled(enabled, done));
    }

    void pauseQueue(QueueSlot slot, boolean paused, Runnable done) {
        command(shard -> slot.setPaused(paused, done));
    }

    void viewQueue(QueueSlot slot, int entries, CompletableFuture<RingView> seen) {
        command(
                shard -> {
                    try {
                        seen.complete(slot.view(entries));
                    } catch (RuntimeException e) {
                        seen.completeExceptionally(e);
                    }
                });
    }

    void setCall(QueueSlot slot, @Nullable EventFd call, Runnable done) {
        command(
                shard -> {
                    slot.setCall(call);
                    done.run();
                });
    }

    void setErr(QueueSlot slot, @Nullable EventFd err, Runnable done) {
        command(
                shard -> {
                    slot.setErr(err);
                    done.run();
                });
    }

    void setKick(QueueSlot slot, @Nullable EventFd kick, Runnable done) {
        command(
                shard -> {
                    shard.replaceKick(slot, kick);
                    done.run();
                });
    }

    void remap(QueueSlot slot, GuestMemory memory, boolean mappingsRemoved, Runnable done) {
        command(shard -> slot.remap(memory, mappingsRemoved, done));
    }

    void translate(QueueSlot slot, GuestMemory memory) {
        command(shard -> slot.translate(memory));
    }

    void invalidate(QueueSlot slot, GuestMemory memory, long first, long last, Runnable done) {
        command(shard -> slot.invalidate(memory, first, last, done));
    }

    void denyAccess(QueueSlot slot) {
        command(shard -> slot.denyAccess());
    }

    void settle(QueueSlot slot, Runnable done) {
        command(shard -> slot.settle(done));
    }

    void log(QueueSlot slot, @Nullable QueueLog log, Runnable done) {
        command(shard -> slot.log(log, done));
    }

    /** Runs something on the shard and waits until it is done. */
    void run(Consumer<ShardContext> action) throws InterruptedException {
        final CompletableFuture<Boolean> done = new CompletableFuture<>();
        command(
                shard -> {
                    try {
                        action.accept(shard);
                        done.complete(true);
                    } catch (Throwable failure) {
                        done.completeExceptionally(failure);
                    }
                });
        try {
            done.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("shard " + index + ": " + e.getCause(), e.getCause());
        }
    }

    /** Asks for a sign of life. */
    CompletableFuture<Boolean> ask() {
        return heartbeat.ask();
    }

    /** False once something failed inside the shard that no queue could be blamed for. */
    boolean healthy() {
        return healthy && thread.isAlive();
    }

    private void command(Consumer<Shard> action) {
        mailbox.post(() -> action.accept(shard.join()));
    }

    private void run(EngineConfig config, MetricsRegistry metrics) {
        try (Shard mine = new Shard(index, config, mailbox, metrics)) {
            shard.complete(mine);
            while (running) {
                cycle(mine);
            }
        } catch (LinuxException | RuntimeException e) {
            healthy = false;
            shard.completeExceptionally(e);
        }
    }

    // An error must never end the thread: the queues of other guests live here too.
    private void cycle(Shard mine) {
        try {
            mine.idle(mine.doWork());
        } catch (Throwable failure) {
            mine.failed();
            if (healthy) {
                healthy = false;
                Log.about("shard")
                        .error(
                                "shard " + index + " failed; it goes on, please report this",
                                failure);
            }
        }
    }

    /** Ends the thread after the commands posted so far, and waits for it. */
    @Override
    public void close() {
        mailbox.post(() -> running = false);
        try {
            thread.join();
            mailbox.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
