package dev.ringside.virtio.blk;

import dev.ringside.shm.Errno;
import dev.ringside.shm.GuestMemory;
import dev.ringside.virtio.blk.backend.BlockBackend;
import dev.ringside.virtio.blk.backend.BlockChannel;
import dev.ringside.virtio.blk.backend.BlockCompletion;
import dev.ringside.virtio.blk.backend.BlockIo;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.ShardContext;
import java.util.function.Supplier;

/**
 * Serves one queue: takes chains, takes them apart, gives them to the channel, completes them.
 * Confined to its shard; does not block, lock, allocate or log after it was made.
 */
final class BlkQueueWorker implements QueueWorker, BlockCompletion {
    /** The most data that one poll starts, so that giant requests do not starve other queues. */
    private static final long POLL_BYTES = 1 << 20;

    private final Virtqueue queue;
    private final ShardContext shard;
    private final Supplier<BlkState> states;
    private final BlkTally tally;
    private final BlkSlots slots;
    private final DescriptorChain chain;
    private final BlockChannel channel;
    private BlkState state;
    private int inFlight;
    private boolean draining;

    /** {@link #chain} was taken off the ring, and waits for a slot. */
    private boolean parked;

    /**
     * What was written into a cache that is switched off now has to be flushed: once the writes
     * that still went into it are done.
     */
    private boolean flushDue;

    BlkQueueWorker(
            Virtqueue queue,
            ShardContext shard,
            BlockBackend backend,
            Supplier<BlkState> states,
            BlkQueueMetrics metrics) {
        this.queue = queue;
        this.shard = shard;
        this.states = states;
        state = states.get();
        tally = new BlkTally(metrics);
        slots = new BlkSlots(queue.size(), queue.maxChainEntries());
        chain = new DescriptorChain(queue.maxChainEntries());
        channel = backend.openChannel(shard, slots.ios(), this);
        flushDue = state.durableWrites() && !state.offers(BlkSpec.VIRTIO_BLK_F_RO);
    }

    @Override
    public int poll(int budget) {
        BlkState now = states.get();
        flushDue |= now.durableWrites() && !state.durableWrites();
        state = now;
        channel.poll();
        if (flushDue && inFlight == 0) {
            startInternalFlush();
        }
        int taken = 0;
        long bytes = 0;
        if (parked) {
            parked = false;
            start();
        }
        while (taken < budget && bytes < POLL_BYTES && ready() && queue.next(chain)) {
            taken++;
            bytes += chain.readableBytes() + chain.writableBytes();
            start();
        }
        if (tally.burstOpen()) {
            tally.endBurst(shard.clock() - shard.nowNs());
        }
        return taken;
    }

    private boolean ready() {
        return !draining && !parked && !channel.congested();
    }

    /** Starts the request in {@link #chain}, or parks it. */
    private void start() {
        BlkRequest request = slots.take(chain.count());
        if (request == null) {
            parked = true;
            return;
        }
        int verdict = request.parse(chain, state, shard.nowNs());
        if (verdict == BlkRequest.SUBMIT) {
            verdict = submit(request);
        }
        if (verdict == BlkRequest.SUBMIT) {
            inFlight++;
        } else {
            tally.addToBurst(request.operation());
            finish(request, verdict);
        }
    }

    /** Answers {@link BlkRequest#SUBMIT} when it completes later, else the status to give. */
    private int submit(BlkRequest request) {
        if (!request.hasRanges()) {
            return statusOf(channel.submit(request.io()));
        }
        while (request.moreRanges()) {
            int verdict = request.nextRange(state);
            if (verdict == BlkRequest.SUBMIT) {
                verdict = statusOf(channel.submit(request.io()));
            }
            if (verdict != BlkSpec.VIRTIO_BLK_S_OK) {
                return verdict;
            }
        }
        return BlkSpec.VIRTIO_BLK_S_OK;
    }

    private int statusOf(int result) {
        if (result == 0) {
            return BlkSpec.VIRTIO_BLK_S_OK;
        }
        if (result == BlockChannel.PENDING) {
            return BlkRequest.SUBMIT;
        }
        tally.backendError(-result);
        return result == -Errno.EOPNOTSUPP
                ? BlkSpec.VIRTIO_BLK_S_UNSUPP
                : BlkSpec.VIRTIO_BLK_S_IOERR;
    }

    @Override
    public void onComplete(BlockIo io, int result) {
        BlkRequest request = slots.request(io.slot());
        if (request == slots.internalFlush()) {
            inFlight--;
            return;
        }
        int verdict = statusOf(result);
        if (verdict == BlkSpec.VIRTIO_BLK_S_OK && request.moreRanges()) {
            verdict = submit(request);
            if (verdict == BlkRequest.SUBMIT) {
                return;
            }
        }
        inFlight--;
        tally.latency(request.operation(), shard.nowNs() - request.startNs());
        finish(request, verdict);
    }

    private void finish(BlkRequest request, int verdict) {
        int used = 0;
        if (verdict == BlkSpec.VIRTIO_BLK_S_OK) {
            used = (int) (request.written() + 1);
            tally.success(request.operation(), request.bytes());
        } else {
            tally.failure(request.operation(), verdict);
            used = verdict == BlkRequest.NO_STATUS ? 0 : 1;
        }
        if (verdict != BlkRequest.NO_STATUS) {
            request.writeStatus(verdict);
        }
        queue.complete(request.head(), used);
        slots.give(request);
    }

    private void startInternalFlush() {
        BlkRequest request = slots.internalFlush();
        request.beginInternalFlush();
        flushDue = false;
        if (channel.submit(request.io()) == BlockChannel.PENDING) {
            inFlight++;
        }
    }

    @Override
    public void beginDrain() {
        draining = true;
    }

    @Override
    public boolean drained() {
        return inFlight == 0 && !parked && !flushDue && channel.idle();
    }

    @Override
    public boolean remap(GuestMemory memory) {
        draining = false;
        return queue.remap(memory);
    }

    @Override
    public Virtqueue stop() {
        if (!drained()) {
            throw new IllegalStateException(
                    "queue " + queue.index() + " stopped with " + inFlight + " requests in flight");
        }
        draining = true;
        chain.clear();
        channel.close();
        return queue;
    }

    @Override
    public Virtqueue queue() {
        return queue;
    }
}
