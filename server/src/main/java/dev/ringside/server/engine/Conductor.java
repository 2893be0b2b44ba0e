package dev.ringside.server.engine;

import dev.ringside.server.log.Log;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.LinuxException;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The one control thread: an epoll over listening and session sockets, a mailbox, and timers. Every
 * session's state machine runs here and only here.
 */
final class Conductor implements AutoCloseable {
    private static final long MAILBOX_TOKEN = 0;

    /** Told on the conductor thread that its fd is ready. */
    interface ReadyListener {
        void onReady(int events);
    }

    private record Timer(long atNs, Runnable task) implements Comparable<Timer> {
        @Override
        public int compareTo(Timer other) {
            return Long.signum(atNs - other.atNs);
        }
    }

    private final Mailbox mailbox;
    private final Heartbeat heartbeat;
    private final Epoll epoll;
    private final Thread thread;
    private final SlowWork slowWork = new SlowWork("ringside-slow");
    private final Map<Long, ReadyListener> listeners = new HashMap<>();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>();
    private long nextToken = MAILBOX_TOKEN + 1;
    private volatile boolean running = true;

    Conductor() throws LinuxException {
        mailbox = new Mailbox();
        heartbeat = new Heartbeat(mailbox::post);
        epoll = Epoll.create();
        epoll.add(mailbox.wakeFd(), Epoll.IN, MAILBOX_TOKEN);
        thread = new Thread(this::run, "ringside-conductor");
    }

    void start() {
        thread.start();
    }

    /** Any thread: runs the task on the conductor, after those posted before. */
    void post(Runnable task) {
        mailbox.post(task);
    }

    /** Any thread: asks for a sign of life. */
    CompletableFuture<Boolean> ask() {
        return heartbeat.ask();
    }

    /** Any thread: runs on a thread of its own what may block, in the order in which it comes. */
    void slowly(Runnable task) {
        slowWork.execute(task);
    }

    /** Conductor thread: watches an fd until {@link #unwatch}; returns the token to name it by. */
    long watch(int fd, int events, ReadyListener listener) throws LinuxException {
        final long token = nextToken++;
        epoll.add(fd, events, token);
        listeners.put(token, listener);
        return token;
    }

    void rewatch(int fd, int events, long token) throws LinuxException {
        epoll.modify(fd, events, token);
    }

    void unwatch(int fd, long token) {
        listeners.remove(token);
        try {
            epoll.remove(fd);
        } catch (LinuxException e) {
            Log.about("conductor").warn("conductor: " + e.getMessage());
        }
    }

    /** Conductor thread: runs the task once, this much later. */
    void after(long delayMs, Runnable task) {
        timers.add(new Timer(System.nanoTime() + delayMs * 1_000_000, task));
    }

    private void run() {
        while (running) {
            guarded(this::turn);
        }
    }

    private void turn() {
        runDueTimers();
        for (Runnable task = mailbox.poll(); task != null; task = mailbox.poll()) {
            guarded(task);
        }
        // A task may have been the one that ends this thread.
        if (!running || !mailbox.prepareToSleep()) {
            mailbox.awake();
            return;
        }
        final int ready = epoll.await(nextTimeoutNs());
        mailbox.awake();
        for (int i = 0; i < ready; i++) {
            dispatch(epoll.token(i), epoll.events(i));
        }
    }

    private void dispatch(long token, int events) {
        if (token == MAILBOX_TOKEN) {
            mailbox.drainWake();
            return;
        }
        final ReadyListener listener = listeners.get(token);
        if (listener != null) {
            guarded(() -> listener.onReady(events));
        }
    }

    private void runDueTimers() {
        final long nowNs = System.nanoTime();
        while (true) {
            final @Nullable Timer next = timers.peek();
            if (next == null || next.atNs() - nowNs > 0) {
                return;
            }
            timers.remove();
            guarded(next.task());
        }
    }

    private long nextTimeoutNs() {
        final @Nullable Timer next = timers.peek();
        return next == null ? -1 : Math.max(0, next.atNs() - System.nanoTime());
    }

    // One session's failure must not end the thread that serves them all.
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (Throwable failure) {
            Log.about("conductor")
                    .error(
                            "the conductor failed in one task; it goes on, please report this",
                            failure);
        }
    }

    /** Ends the thread after the tasks posted so far. Not to be called on the conductor. */
    @Override
    public void close() {
        mailbox.post(() -> running = false);
        try {
            thread.join();
            slowWork.close();
            epoll.close();
            mailbox.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
