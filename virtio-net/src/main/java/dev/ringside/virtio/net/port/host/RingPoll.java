package dev.ringside.virtio.net.port.host;

import dev.ringside.shm.IoUring;
import dev.ringside.virtqueue.device.ShardContext;

/**
 * A one-shot poll of a descriptor in a shard's ring: what wakes a shard when there is something to
 * read, or room to write, again. Confined to the shard; only the constructor allocates.
 */
public final class RingPoll implements IoUring.CompletionHandler, AutoCloseable {
    /** POLLIN: something can be read. */
    public static final int IN = 1;

    /** POLLOUT: something can be written. */
    public static final int OUT = 4;

    /** POLLERR: the descriptor has an error pending. */
    public static final int ERR = 8;

    private static final int CANCEL = 1;

    private final ShardContext shard;
    private final int handlerId;
    private final int events;
    private boolean armed;
    private boolean cancelling;
    private boolean closed;
    private boolean error;

    /** A poll that is not armed yet. */
    public RingPoll(ShardContext shard, int events) {
        this.shard = shard;
        this.events = events;
        handlerId = shard.addCompletionHandler(this);
    }

    /**
     * Arms it. When the ring is full it stays unarmed, and the shard turns once more.
     *
     * @param fd stays open until the poll has fired, or was closed and its completions came
     */
    public void arm(int fd) {
        if (!armed && !closed) {
            armed = shard.ring().pollAdd(fd, events, false, userData(0));
        }
    }

    /** Whether it is armed: what it waits for did not happen. */
    public boolean armed() {
        return armed;
    }

    /** Whether the descriptor had an error when the poll last fired; asking takes it back. */
    public boolean takeError() {
        boolean was = error;
        error = false;
        return was;
    }

    private long userData(int token) {
        return (long) handlerId << Integer.SIZE | token;
    }

    /** The shard gives the poll's and the cancelling's completions. */
    @Override
    public void onCompletion(long userData, int result, int flags) {
        if ((int) userData == CANCEL) {
            cancelling = false;
        } else {
            armed = false;
            // A failed poll is no reason not to try what was waited for.
            error |= result < 0 || (result & ERR) != 0;
        }
        leave();
    }

    /** Waits for nothing any more: gone when the shard has given its last completion. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (armed) {
            cancelling = cancel();
            if (!cancelling) {
                // The ring was full.
                shard.ring().submit();
                cancelling = cancel();
            }
        }
        leave();
    }

    private boolean cancel() {
        return shard.ring().cancel(userData(0), userData(CANCEL));
    }

    private void leave() {
        if (closed && !armed && !cancelling) {
            shard.removeCompletionHandler(handlerId);
        }
    }
}
