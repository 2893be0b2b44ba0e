package dev.ringside.virtio.net.port.stream;

import dev.ringside.shm.Epoll;
import dev.ringside.shm.IoUring;
import dev.ringside.virtqueue.device.ShardContext;

/**
 * Tells when a descriptor may be read or written, by one-shot polls in a shard's io_uring: asked
 * for only after the descriptor had nothing, it costs no system call until then. Confined to its
 * shard.
 *
 * <p>It outlives its {@link #close} until the ring has given back every poll.
 */
final class Readiness implements IoUring.CompletionHandler {
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int CANCEL = 2;

    private final ShardContext shard;
    private final int fd;
    private final int handler;
    private boolean readable = true;
    private boolean writable = true;
    private boolean readPolled;
    private boolean writePolled;
    private int cancels;
    private boolean closed;

    /** Of a descriptor that may be readable and writable now. */
    Readiness(ShardContext shard, int fd) {
        this.shard = shard;
        this.fd = fd;
        handler = shard.addCompletionHandler(this);
    }

    /** Whether reading is worth trying. */
    boolean readable() {
        return readable;
    }

    /** Whether writing is worth trying. */
    boolean writable() {
        return writable;
    }

    /** Reading found nothing more: wakes the shard when there is something. */
    void awaitReadable() {
        readable = false;
        arm();
    }

    /** Writing found no room: wakes the shard when there is some. */
    void awaitWritable() {
        writable = false;
        arm();
    }

    /** Queues the polls that are wanted and not there yet; to be called in each duty cycle. */
    void arm() {
        if (!readable && !readPolled) {
            readPolled = poll(Epoll.IN | Epoll.RDHUP, READ);
        }
        if (!writable && !writePolled) {
            writePolled = poll(Epoll.OUT, WRITE);
        }
    }

    private boolean poll(int events, int token) {
        if (shard.ring().pollAdd(fd, events, false, userData(token))) {
            return true;
        }
        shard.wakeBy(shard.nowNs()); // the ring is full: again in the next duty cycle
        return false;
    }

    private long userData(int token) {
        return (long) handler << Integer.SIZE | token;
    }

    @Override
    public void onCompletion(long userData, int result, int flags) {
        // Whatever a poll says, an error included: reading or writing will tell what it is.
        switch ((int) userData) {
            case READ -> {
                readable = true;
                readPolled = false;
            }
            case WRITE -> {
                writable = true;
                writePolled = false;
            }
            default -> cancels--;
        }
        forgetWhenDone();
    }

    /** Asks for the polls back. Does nothing the second time. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (readPolled) {
            cancel(READ);
        }
        if (writePolled) {
            cancel(WRITE);
        }
        forgetWhenDone();
    }

    private void cancel(int token) {
        long target = userData(token);
        if (!shard.ring().cancel(target, userData(CANCEL))) {
            shard.ring().submit(); // makes room
            if (!shard.ring().cancel(target, userData(CANCEL))) {
                return; // the handler stays until the descriptor is closed
            }
        }
        cancels++;
    }

    private void forgetWhenDone() {
        if (closed && !readPolled && !writePolled && cancels == 0) {
            shard.removeCompletionHandler(handler);
        }
    }
}
