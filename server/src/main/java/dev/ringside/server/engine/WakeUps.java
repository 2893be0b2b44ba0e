package dev.ringside.server.engine;

import dev.ringside.shm.IoUring;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The eventfds that wake a shard out of its io_uring, by one multishot poll each. A signal is seen
 * once and needs no read; one from before the watch began is seen too. Confined to the shard.
 */
final class WakeUps {
    /** The watch of nothing. */
    static final int NONE = -1;

    private static final int POLLIN = 1;
    private static final int CANCELLING = -1;

    private final IoUring ring;
    private final long handlerBits;
    // By token. A forgotten watch keeps its token until its poll has ended.
    private final List<@Nullable Watch> watches = new ArrayList<>();

    private static final class Watch {
        final int fd;
        final Runnable onSignal;
        boolean forgotten;

        Watch(int fd, Runnable onSignal) {
            this.fd = fd;
            this.onSignal = onSignal;
        }
    }

    WakeUps(IoUring ring, int handlerId) {
        this.ring = ring;
        handlerBits = (long) handlerId << Integer.SIZE;
    }

    /** Runs {@code onSignal} after each signal of an eventfd, until {@link #forget}. */
    int watch(int fd, Runnable onSignal) {
        int token = watches.indexOf(null);
        if (token < 0) {
            token = watches.size();
            watches.add(null);
        }
        watches.set(token, new Watch(fd, onSignal));
        poll(token, fd);
        return token;
    }

    /** Ends a watch; the fd may be closed at once. */
    void forget(int token) {
        final Watch watch = token == NONE ? null : watches.get(token);
        if (watch == null) {
            return;
        }
        watch.forgotten = true;
        while (!ring.cancel(handlerBits | token, handlerBits | (CANCELLING & 0xffffffffL))) {
            ring.submit();
        }
        // The poll holds the file: it must have begun before the fd's number can be used anew.
        ring.submit();
    }

    void onCompletion(int token, int result, int flags) {
        final Watch watch = token == CANCELLING ? null : watches.get(token);
        if (watch == null) {
            return;
        }
        final boolean ended = (flags & IoUring.MORE) == 0;
        if (watch.forgotten) {
            if (ended) {
                watches.set(token, null);
            }
            return;
        }
        if (ended) {
            if (result < 0) {
                throw new IllegalStateException("poll of fd " + watch.fd + " failed: " + result);
            }
            poll(token, watch.fd);
        }
        watch.onSignal.run();
    }

    private void poll(int token, int fd) {
        while (!ring.pollAdd(fd, POLLIN, true, handlerBits | token)) {
            ring.submit();
        }
        // Before the fd's number can be closed and used anew by anybody.
        ring.submit();
    }
}
