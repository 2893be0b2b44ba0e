package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.IoUring;
import dev.ringside.virtqueue.device.ShardContext;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Copies between guest memory and a segment. Requests complete at once and in order; only what is
 * longer than a slice goes on a slice per poll, so that a guest's giant request does not stall the
 * shard's other queues.
 */
final class MemoryChannel implements BlockChannel, IoUring.CompletionHandler {
    /** What is moved at most before the shard looks at its other work, bytes. */
    static final long SLICE_BYTES = 1 << 20;

    private final @Nullable MemorySegment storage;
    private final BlockCompletion completion;
    private final IoQueue waiting;
    private final ShardContext shard;
    private final int handler;
    private final Waker waker;
    private long done;
    private boolean closed;

    /** With the storage, or null for a disk of zeroes. */
    MemoryChannel(
            @Nullable MemorySegment storage,
            ShardContext shard,
            BlockIo[] requests,
            BlockCompletion completion) {
        this.storage = storage;
        this.shard = shard;
        this.completion = completion;
        waiting = new IoQueue(requests.length);
        handler = shard.addCompletionHandler(this);
        waker = new Waker(shard.ring(), (long) handler << 32);
    }

    @Override
    public int submit(BlockIo io) {
        if (waiting.isEmpty() && io.length() <= SLICE_BYTES) {
            move(io, 0, io.length());
            return 0;
        }
        waiting.add(io);
        waker.ask();
        return PENDING;
    }

    @Override
    public void poll() {
        BlockIo io = waiting.peek();
        if (io == null) {
            return;
        }
        long bytes = Math.min(SLICE_BYTES, io.length() - done);
        move(io, done, bytes);
        done += bytes;
        if (done == io.length()) {
            done = 0;
            waiting.remove();
            completion.onComplete(io, 0);
        }
        if (!waiting.isEmpty()) {
            waker.ask();
        }
    }

    @Override
    public void onCompletion(long userData, int result, int flags) {
        waker.onCompletion();
    }

    private void move(BlockIo io, long position, long bytes) {
        long at = io.offset() + position;
        switch (io.operation()) {
            case READ -> {
                if (storage == null) {
                    io.zero(position, bytes);
                } else {
                    io.scatter(position, storage, at, bytes);
                }
            }
            case WRITE -> {
                if (storage != null) {
                    io.gather(position, storage, at, bytes);
                }
            }
            case DISCARD, WRITE_ZEROES, SECURE_ERASE -> {
                if (storage != null) {
                    Zeroes.copyTo(storage, at, bytes);
                }
            }
            case FLUSH -> {}
        }
    }

    @Override
    public boolean congested() {
        return !waiting.isEmpty();
    }

    @Override
    public boolean idle() {
        return waker.idle();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            shard.removeCompletionHandler(handler);
        }
    }
}
