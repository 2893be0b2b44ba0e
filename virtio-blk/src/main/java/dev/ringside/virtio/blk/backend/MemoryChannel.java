package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.IoUring;
import dev.ringside.shm.Prefetch;
import dev.ringside.virtqueue.device.ShardContext;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Copies between guest memory and a segment, in order. A copy is made when the next request comes
 * or the burst ends: until then the processor fetches the place in the storage, which is seldom in
 * its caches. What is longer than a slice goes on a slice per poll, so that a guest's giant request
 * does not stall the shard's other queues.
 */
final class MemoryChannel implements BlockChannel, IoUring.CompletionHandler {
    /** What is moved at most before the shard looks at its other work, bytes. */
    static final long SLICE_BYTES = 1 << 20;

    /** What is fetched ahead of a read; from there on the processor sees by itself what comes. */
    private static final long FETCHED_TO_READ = 512;

    /** Of a write: that finds the page. Whole lines are written without being read. */
    private static final long FETCHED_TO_WRITE = 128;

    private static final int NONE = -1;

    private final @Nullable MemorySegment storage;
    private final BlockIo[] requests;
    private final BlockCompletion completion;
    private final IoQueue waiting;
    private final ShardContext shard;
    private final int handler;
    private final Waker waker;
    private long done;

    /** The slot of the request whose place is being fetched. */
    private int fetching = NONE;

    private boolean closed;

    /** With the storage, or null for a disk of zeroes. */
    MemoryChannel(
            @Nullable MemorySegment storage,
            ShardContext shard,
            BlockIo[] requests,
            BlockCompletion completion) {
        this.storage = storage;
        this.requests = requests;
        this.shard = shard;
        this.completion = completion;
        waiting = new IoQueue(requests.length);
        handler = shard.addCompletionHandler(this);
        waker = new Waker(shard.ring(), (long) handler << 32);
    }

    @Override
    public int submit(BlockIo io) {
        if (storage != null && isShort(io) && fetch(io, storage.address() + io.offset())) {
            int before = fetching;
            fetching = io.slot();
            finish(before);
            return PENDING;
        }
        endBurst();
        if (isShort(io)) {
            move(io, 0, io.length());
            return 0;
        }
        waiting.add(io);
        waker.ask();
        return PENDING;
    }

    private boolean isShort(BlockIo io) {
        return waiting.isEmpty() && io.length() <= SLICE_BYTES;
    }

    /** Lets the processor fetch what a copy needs; false: the request is none. */
    private static boolean fetch(BlockIo io, long address) {
        switch (io.operation()) {
            case READ -> Prefetch.toRead(address, Math.min(io.length(), FETCHED_TO_READ));
            case WRITE -> Prefetch.toRead(address, Math.min(io.length(), FETCHED_TO_WRITE));
            default -> {
                return false;
            }
        }
        return true;
    }

    @Override
    public void endBurst() {
        int last = fetching;
        fetching = NONE;
        finish(last);
    }

    private void finish(int slot) {
        if (slot != NONE) {
            BlockIo io = requests[slot];
            move(io, 0, io.length());
            completion.onComplete(io, 0);
        }
    }

    @Override
    public void poll() {
        endBurst();
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
        return fetching == NONE && waker.idle();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            shard.removeCompletionHandler(handler);
        }
    }
}
