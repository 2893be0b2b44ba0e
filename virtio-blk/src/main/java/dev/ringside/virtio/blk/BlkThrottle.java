package dev.ringside.virtio.blk;

import dev.ringside.virtio.blk.limit.QueueMeter;
import org.jspecify.annotations.Nullable;

/**
 * Where a queue's requests wait for their turn when the disk is limited: reads and writes apart, so
 * that what waits for one limit does not hold up what does not need it. Confined to the shard.
 */
final class BlkThrottle {
    private final QueueMeter meter;
    private final BlkTally tally;
    private final RequestQueue reads;
    private final RequestQueue writes;
    private boolean limited;

    /** With room for so many requests. */
    BlkThrottle(QueueMeter meter, BlkTally tally, int room) {
        this.meter = meter;
        this.tally = tally;
        reads = new RequestQueue(room);
        writes = new RequestQueue(room);
    }

    /** Once per poll. */
    void refresh() {
        limited = meter.refresh();
    }

    boolean isEmpty() {
        return reads.isEmpty() && writes.isEmpty();
    }

    /**
     * Keeps a request that may not go yet.
     *
     * @return false: it goes now
     */
    boolean keeps(BlkRequest request, long nowNs) {
        if (!limited || !request.counts()) {
            return false;
        }
        if (isEmpty()) {
            meter.begin(nowNs);
        }
        RequestQueue lane = lane(request.changes());
        if (lane.isEmpty() && meter.allows(request.changes(), request.movedBytes(), nowNs)) {
            meter.take(request.changes(), request.movedBytes());
            return false;
        }
        lane.add(request);
        return true;
    }

    private RequestQueue lane(boolean write) {
        return write ? writes : reads;
    }

    /**
     * The next request that goes now: the older one, if both a read and a write may.
     *
     * @param all whatever the limits say
     */
    @Nullable BlkRequest next(long nowNs, boolean all) {
        BlkRequest read = reads.peek();
        BlkRequest write = writes.peek();
        if (read == null && write == null) {
            return null;
        }
        boolean writeFirst =
                read == null || (write != null && write.startNs() - read.startNs() < 0);
        BlkRequest first = next(writeFirst, nowNs, all);
        return first != null ? first : next(!writeFirst, nowNs, all);
    }

    private @Nullable BlkRequest next(boolean write, long nowNs, boolean all) {
        RequestQueue lane = lane(write);
        BlkRequest request = lane.peek();
        if (request == null || !(all || meter.allows(write, request.movedBytes(), nowNs))) {
            return null;
        }
        lane.remove();
        meter.take(write, request.movedBytes());
        tally.throttled(write, nowNs - request.startNs());
        return request;
    }

    /** In how many nanoseconds {@link #next} may have one; only when there are some. */
    long awayNs(long nowNs) {
        long read = reads.isEmpty() ? Long.MAX_VALUE : meter.awayNs(false, nowNs);
        long write = writes.isEmpty() ? Long.MAX_VALUE : meter.awayNs(true, nowNs);
        return Math.min(read, write);
    }
}
