package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.NativeBuffer;
import java.util.Arrays;
import java.util.Random;

/** A channel with its requests and their memory, driven by a test. */
final class TestChannel implements AutoCloseable {
    static final int MAX_EXTENTS = 40;
    private static final int NOT_DONE = Integer.MIN_VALUE;

    private final TestShard shard;
    private final BlockIo[] ios;
    private final NativeBuffer[] buffers;
    private final int[] results;
    private final BlockChannel channel;

    /** With so many slots of so many bytes of memory each. */
    TestChannel(TestShard shard, BlockBackend backend, int slots, int bytes) {
        this.shard = shard;
        ios = new BlockIo[slots];
        buffers = new NativeBuffer[slots];
        results = new int[slots];
        for (int i = 0; i < slots; i++) {
            ios[i] = new BlockIo(i, MAX_EXTENTS);
            buffers[i] = NativeBuffer.allocate(bytes + 8192L, 4096);
        }
        channel = backend.openChannel(shard, ios, this::onComplete);
    }

    private void onComplete(BlockIo io, int result) {
        if (results[io.slot()] != NOT_DONE) {
            throw new IllegalStateException("slot " + io.slot() + " completed twice");
        }
        results[io.slot()] = result;
    }

    BlockChannel channel() {
        return channel;
    }

    /**
     * Lays a slot's data out.
     *
     * @param shift of the first extent's address from 4096
     * @param cuts lengths of the extents
     */
    void layOut(int slot, int shift, int... cuts) {
        ios[slot].clear();
        long at = shift;
        for (int cut : cuts) {
            ios[slot].addExtent(buffers[slot].segment(), at, buffers[slot].address() + at, cut);
            at += cut;
        }
    }

    /** Random cuts of so many bytes; each a multiple of {@code unit}. */
    static int[] cuts(Random random, int bytes, int unit) {
        int[] cuts = new int[MAX_EXTENTS];
        int count = 0;
        int left = bytes / unit;
        while (left > 0) {
            int take = count == MAX_EXTENTS - 1 ? left : 1 + random.nextInt(left);
            cuts[count++] = take * unit;
            left -= take;
        }
        return Arrays.copyOf(cuts, count);
    }

    void fill(int slot, byte[] data) {
        ios[slot].scatter(0, java.lang.foreign.MemorySegment.ofArray(data), 0, data.length);
    }

    byte[] data(int slot, int bytes) {
        byte[] data = new byte[bytes];
        ios[slot].gather(0, java.lang.foreign.MemorySegment.ofArray(data), 0, bytes);
        return data;
    }

    /** Submits a slot and comes back at once. */
    void submit(
            int slot,
            BlockOperation operation,
            long offset,
            long length,
            boolean durable,
            boolean unmap) {
        ios[slot].set(operation, offset, length, durable, unmap);
        results[slot] = NOT_DONE;
        int result = channel.submit(ios[slot]);
        if (result != BlockChannel.PENDING) {
            onComplete(ios[slot], result);
        }
    }

    boolean done(int slot) {
        return results[slot] != NOT_DONE;
    }

    int await(int slot) {
        shard.until(() -> done(slot), channel::poll);
        return results[slot];
    }

    void awaitAll() {
        shard.until(
                () -> Arrays.stream(results).allMatch(result -> result != NOT_DONE), channel::poll);
    }

    int result(int slot) {
        return results[slot];
    }

    int write(long offset, byte[] data, int shift, int... cuts) {
        layOut(0, shift, cuts);
        fill(0, data);
        submit(0, BlockOperation.WRITE, offset, data.length, false, false);
        return await(0);
    }

    int write(long offset, byte[] data) {
        return write(offset, data, 0, data.length);
    }

    byte[] read(long offset, int bytes) {
        layOut(0, 0, bytes);
        fill(0, new byte[bytes]);
        submit(0, BlockOperation.READ, offset, bytes, false, false);
        int result = await(0);
        if (result != 0) {
            throw new AssertionError("reading " + bytes + " at " + offset + " answers " + result);
        }
        return data(0, bytes);
    }

    int run(BlockOperation operation, long offset, long length) {
        submit(0, operation, offset, length, false, false);
        return await(0);
    }

    @Override
    public void close() {
        shard.until(channel::idle, channel::poll);
        channel.close();
        for (NativeBuffer buffer : buffers) {
            buffer.close();
        }
    }
}
