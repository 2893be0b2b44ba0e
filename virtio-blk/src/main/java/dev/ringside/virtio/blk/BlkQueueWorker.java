package dev.ringside.virtio.blk;

import dev.ringside.shm.Errno;
import dev.ringside.shm.GuestMemory;
import dev.ringside.virtio.blk.backend.BlockChannel;
import dev.ringside.virtio.blk.backend.BlockCompletion;
import dev.ringside.virtio.blk.backend.BlockIo;
import dev.ringside.virtio.blk.limit.QueueMeter;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.ShardContext;

/**
 * Serves one queue: takes chains, takes them apart, gives them to the channel, completes them.
 * Confined to its shard; does not block, lock, allocate or log after it was made.
 */
final class BlkQueueWorker implements QueueWorker, BlockCompletion {
    /** The most data that one poll starts, so that giant requests do not starve other queues. */
    private static final long POLL_BYTES = 1 << 20;

    /** How many requests that waited go on in a poll that takes none. */
    private static final int LEAST_RELEASE = 16;

    private final Virtqueue queue;
    private final ShardContext shard;
    private final BlkQueueParts parts;
    private final BlkTally tally;
    private final BlkSlots slots;
    private final DescriptorChain chain;
    private final BlockChannel channel;
    private final long slowNs;
    private final QueueMeter meter;
    private final BlkThrottle throttle;
    private final BlkHeld held;
    private BlkState state;
    private int inFlight;
    private boolean draining;

    /** What was taken is finished at once: it waits for nothing. */
    private boolean finishing;

    /** {@link #chain} was taken off the ring, and waits for a slot. */
    private boolean parked;

    /**
     * What was written into a cache that is switched off now has to be flushed: once the writes
     * that still went into it are done.
     */
    private boolean flushDue;

    BlkQueueWorker(Virtqueue queue, ShardContext shard, BlkQueueParts parts) {
        this.queue = queue;
        this.shard = shard;
        this.parts = parts;
        state = parts.states().get();
        tally = new BlkTally(parts.metrics());
        slots = new BlkSlots(queue.size(), queue.maxChainEntries());
        chain = new DescriptorChain(queue.maxChainEntries());
        channel = parts.backend().openChannel(shard, slots.ios(), this);
        flushDue = state.durableWrites() && !state.offers(BlkSpec.VIRTIO_BLK_F_RO);
        slowNs = shard.slowRequestNs();
        meter = parts.meter();
        throttle = new BlkThrottle(meter, tally, slots.ios().length);
        held = new BlkHeld(parts.onError(), parts.trouble(), slots.ios().length);
        // Drivers write headers on another processor; and of many disks none is in the cache.
        queue.fetchAhead(BlkSpec.HEADER_BYTES, false);
        meter.start(shard.doorbell());
    }

    @Override
    public int poll(int budget) {
        BlkState now = parts.states().get();
        flushDue |= now.durableWrites() && !state.durableWrites();
        state = now;
        finishing &= draining || budget == 0;
        channel.poll();
        if (flushDue && inFlight == 0 && throttle.isEmpty() && held.isEmpty()) {
            startInternalFlush();
        }
        throttle.refresh();
        long bytes = release(Math.max(budget, LEAST_RELEASE));
        int taken = 0;
        if (parked) {
            parked = false;
            start();
        }
        while (taken < budget && bytes < POLL_BYTES && ready() && queue.next(chain)) {
            taken++;
            bytes += chain.readableBytes() + chain.writableBytes();
            start();
        }
        channel.endBurst();
        wakeInTime();
        return taken;
    }

    /** What completed at once took until here: the driver has it, and was called. */
    @Override
    public void afterPublish() {
        if (tally.burstOpen()) {
            tally.endBurst(shard.clock() - shard.nowNs());
        }
    }

    private boolean ready() {
        return !draining && !parked && !channel.congested();
    }

    /** What does not fit in here, or has to wait for others, is no reason to stay awake. */
    @Override
    public boolean wantsKicks() {
        return ready();
    }

    /** Starts requests that waited and need not any more; answers the bytes that they move. */
    private long release(int most) {
        long bytes = 0;
        int count = 0;
        while (count < most && bytes < POLL_BYTES && !channel.congested()) {
            BlkRequest request = held.next(shard.nowNs());
            if (request == null) {
                request = throttle.next(shard.nowNs(), finishing);
            }
            if (request == null) {
                break;
            }
            count++;
            bytes += request.movedBytes();
            begun(request, startOrGoOn(request), true);
        }
        return bytes;
    }

    private void wakeInTime() {
        if (!throttle.isEmpty()) {
            long awayNs = finishing ? 0 : throttle.awayNs(shard.nowNs());
            shard.wakeBy(shard.nowNs() + awayNs);
        }
        if (!held.isEmpty()) {
            long awayNs = held.awayNs(shard.nowNs());
            if (awayNs < Long.MAX_VALUE) {
                shard.wakeBy(shard.nowNs() + awayNs);
            }
        }
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
            if (!finishing && throttle.keeps(request, shard.nowNs())) {
                return;
            }
            verdict = submit(request);
        }
        begun(request, verdict, false);
    }

    /** A request that waited: also in the middle of its ranges. */
    private int startOrGoOn(BlkRequest request) {
        if (!request.endsPause()) {
            return submit(request);
        }
        int verdict = outcome(request, channel.submit(request.io()));
        return verdict == BlkSpec.VIRTIO_BLK_S_OK && request.moreRanges()
                ? submit(request)
                : verdict;
    }

    private void begun(BlkRequest request, int verdict, boolean waited) {
        if (verdict == BlkRequest.SUBMIT) {
            inFlight++;
            return;
        }
        if (verdict != BlkRequest.HELD) {
            if (waited) {
                measure(request, shard.clock());
            } else {
                tally.addToBurst(request.operation());
            }
            finish(request, verdict);
        }
    }

    /** Answers {@link BlkRequest#SUBMIT} when it completes later, else what became of it. */
    private int submit(BlkRequest request) {
        if (!request.hasRanges()) {
            return outcome(request, channel.submit(request.io()));
        }
        while (request.moreRanges()) {
            int verdict = request.nextRange(state);
            if (verdict == BlkRequest.SUBMIT) {
                verdict = outcome(request, channel.submit(request.io()));
            }
            if (verdict != BlkSpec.VIRTIO_BLK_S_OK) {
                return verdict;
            }
        }
        return BlkSpec.VIRTIO_BLK_S_OK;
    }

    /**
     * What a channel's result means: a status to give, {@code SUBMIT}, {@code HELD}, {@code LEFT}.
     */
    private int outcome(BlkRequest request, int result) {
        if (result == 0) {
            return BlkSpec.VIRTIO_BLK_S_OK;
        }
        if (result == BlockChannel.PENDING) {
            return BlkRequest.SUBMIT;
        }
        tally.backendError(-result);
        if (request.counts() && held.wants(-result) && !channel.lostData()) {
            if (!finishing) {
                request.pause();
                if (held.add(request, -result, shard.nowNs())) {
                    tally.held();
                }
                return BlkRequest.HELD;
            }
            if (draining && queue.remembersInFlight()) {
                return BlkRequest.LEFT;
            }
        }
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
        int verdict = outcome(request, result);
        if (verdict == BlkSpec.VIRTIO_BLK_S_OK && request.moreRanges()) {
            verdict = submit(request);
            if (verdict == BlkRequest.SUBMIT) {
                return;
            }
        }
        inFlight--;
        if (verdict != BlkRequest.HELD) {
            long nowNs = shard.nowNs();
            if (request.startNs() == nowNs) {
                tally.addToBurst(request.operation());
            } else {
                measure(request, nowNs);
            }
            finish(request, verdict);
        }
    }

    private void measure(BlkRequest request, long endNs) {
        long durationNs = endNs - request.startNs();
        long sector = request.io().offset() / BlkSpec.SECTOR_BYTES;
        tally.latency(request.operation(), durationNs, sector);
        if (durationNs >= slowNs) {
            shard.slowRequest(
                    parts.metrics().device(),
                    queue.index(),
                    request.operation().label(),
                    sector,
                    request.bytes(),
                    durationNs);
        }
    }

    private void finish(BlkRequest request, int verdict) {
        held.over(request, verdict == BlkSpec.VIRTIO_BLK_S_OK);
        if (verdict != BlkRequest.LEFT) {
            answer(request, verdict);
        }
        slots.give(request);
    }

    private void answer(BlkRequest request, int verdict) {
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
        finishTaken();
    }

    @Override
    public void finishTaken() {
        if (!finishing) {
            finishing = true;
            held.tryAll();
        }
    }

    @Override
    public boolean drained() {
        return inFlight == 0
                && !parked
                && !flushDue
                && throttle.isEmpty()
                && held.isEmpty()
                && channel.idle();
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
        afterPublish();
        chain.clear();
        channel.close();
        meter.stop(shard.doorbell());
        return queue;
    }

    @Override
    public Virtqueue queue() {
        return queue;
    }
}
