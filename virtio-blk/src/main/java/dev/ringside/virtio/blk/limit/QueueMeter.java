package dev.ringside.virtio.blk.limit;

import dev.ringside.virtqueue.device.Doorbell;
import java.util.List;

/**
 * All limits of one queue: those of its disk and of its disk's groups. Lives as long as the disk,
 * so that a queue which stops and starts owes what it owed. Confined to the queue's shard; only the
 * constructor allocates.
 */
public final class QueueMeter {
    private static final LimitKind[] KINDS = LimitKind.values();

    /** A queue that wants nothing for so long does not wait any more, ns. */
    private static final long GAP_NS = 1_000_000;

    /** After such a pause a queue gives back what it has left, ns. */
    private static final long PAUSE_NS = 10_000_000;

    private final LimitGroup[] groups;
    private final LimitGroup.Lines[] bound;
    private final Meter[] meters;
    private final Side reads;
    private final Side writes;
    private long lastNs;

    /** The meters that a read, or a write, has to pass. */
    private static final class Side {
        private final Meter[] meters;
        private int count;

        Side(int room) {
            meters = new Meter[room];
        }

        void add(Meter meter) {
            meters[count] = meter;
            count++;
        }

        boolean allows(long bytes, long nowTicks) {
            boolean allowed = true;
            // All are asked, so that what it waits for comes at the same time.
            for (int i = 0; i < count; i++) {
                allowed &= meters[i].allows(bytes, nowTicks);
            }
            return allowed;
        }

        void take(long bytes) {
            for (int i = 0; i < count; i++) {
                meters[i].take(bytes);
            }
        }

        long awayTicks(long nowTicks) {
            long most = 0;
            for (int i = 0; i < count; i++) {
                most = Math.max(most, meters[i].awayTicks(nowTicks));
            }
            return most;
        }
    }

    /** For one queue. */
    public QueueMeter(List<LimitGroup> groups) {
        this.groups = groups.toArray(LimitGroup[]::new);
        bound = new LimitGroup.Lines[this.groups.length];
        meters = new Meter[this.groups.length * KINDS.length];
        for (int i = 0; i < meters.length; i++) {
            meters[i] = new Meter();
        }
        reads = new Side(meters.length);
        writes = new Side(meters.length);
        for (int i = 0; i < this.groups.length; i++) {
            bound[i] = this.groups[i].lines();
            bind(i);
        }
        sort();
    }

    /** The queue runs on a shard. */
    public void start(Doorbell shard) {
        for (LimitGroup group : groups) {
            group.opened(shard);
        }
    }

    /** The queue runs no more: others may have what it reserved. */
    public void stop(Doorbell shard) {
        leave();
        for (LimitGroup group : groups) {
            group.closed(shard);
        }
    }

    /**
     * Follows the limits when they have changed.
     *
     * @return whether there is any limit
     */
    @SuppressWarnings("ReferenceEquality") // a volatile read tells whether they have changed
    public boolean refresh() {
        boolean changed = false;
        for (int i = 0; i < groups.length; i++) {
            LimitGroup.Lines now = groups[i].lines();
            if (now != bound[i]) {
                bound[i] = now;
                bind(i);
                changed = true;
            }
        }
        if (changed) {
            sort();
        }
        return reads.count + writes.count > 0;
    }

    @SuppressWarnings("EnumOrdinal") // a place in an array
    private void bind(int group) {
        for (LimitKind kind : KINDS) {
            meters[group * KINDS.length + kind.ordinal()].bind(bound[group].of(kind));
        }
    }

    private void sort() {
        reads.count = 0;
        writes.count = 0;
        for (int i = 0; i < meters.length; i++) {
            if (meters[i].active()) {
                LimitKind kind = KINDS[i % KINDS.length];
                if (kind.counts(false)) {
                    reads.add(meters[i]);
                }
                if (kind.counts(true)) {
                    writes.add(meters[i]);
                }
            }
        }
    }

    private Side side(boolean write) {
        return write ? writes : reads;
    }

    /**
     * Whether a request may go now; when not, its place in the line is kept.
     *
     * @param nowNs on the scale of {@link System#nanoTime}
     */
    public boolean allows(boolean write, long bytes, long nowNs) {
        lastNs = nowNs;
        return side(write).allows(bytes, LimitLine.ticks(nowNs));
    }

    /** A request goes, allowed or not: what was not is owed. */
    public void take(boolean write, long bytes) {
        side(write).take(bytes);
    }

    /** In how many nanoseconds a request that was not allowed is to be asked for again. */
    public long awayNs(boolean write, long nowNs) {
        return (side(write).awayTicks(LimitLine.ticks(nowNs)) >> LimitLine.TICK_BITS) + 1;
    }

    /** A request comes and none waits: after a pause, what was left before it is given back. */
    public void begin(long nowNs) {
        if (nowNs - lastNs > PAUSE_NS) {
            leave();
        } else if (nowNs - lastNs > GAP_NS) {
            for (Meter meter : meters) {
                meter.rest();
            }
        }
    }

    private void leave() {
        for (Meter meter : meters) {
            meter.leave();
        }
    }
}
