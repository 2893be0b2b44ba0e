package dev.ringside.server.engine;

import dev.ringside.shm.Fd;
import dev.ringside.shm.FdKeeper;
import dev.ringside.shm.UnixSocket;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The descriptors that the front-ends of one device gave and that are open here. They are closed on
 * a thread of the device's own, which is there only while there is something to close: where a
 * front-end has closing take for ever, that thread waits, and what it has not closed counts on.
 */
final class FrontEndFds implements FdKeeper {
    private static final long LINGER_MS = 500;

    private final AtomicInteger open = new AtomicInteger();
    private final ThreadPoolExecutor closer;

    FrontEndFds() {
        closer =
                new ThreadPoolExecutor(
                        1,
                        1,
                        LINGER_MS,
                        TimeUnit.MILLISECONDS,
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().daemon().name("ringside-close").factory());
        closer.allowCoreThreadTimeOut(true);
    }

    @Override
    public void opened() {
        open.incrementAndGet();
    }

    @Override
    public void close(int number) {
        closer.execute(
                () -> {
                    AT_ONCE.close(number);
                    open.decrementAndGet();
                });
    }

    /** A front-end's socket, which is closed, as is what comes by it, where nobody waits. */
    UnixSocket kept(UnixSocket socket) {
        socket.keepBy(this);
        return socket;
    }

    /** The same for a connection that comes from another process; before it is used. */
    void keep(SavedConnection saved) {
        saved.socket().keptBy(this);
        saved.session().keptBy(this);
        final Fd channel = saved.backendChannel();
        if (channel != null) {
            channel.keptBy(this);
        }
    }

    /** How many are open, those that are to be closed among them. Any thread. */
    int open() {
        return open.get();
    }
}
