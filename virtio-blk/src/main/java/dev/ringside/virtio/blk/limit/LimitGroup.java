package dev.ringside.virtio.blk.limit;

import dev.ringside.virtqueue.device.Doorbell;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Limits that the queues of a disk, or of several disks, share. They may change. Any thread. */
public final class LimitGroup {
    private final LongSupplier clock;
    private final List<Doorbell> shards = new CopyOnWriteArrayList<>();
    private volatile Lines lines;

    /** The limits of a moment, and what keeps them. */
    static final class Lines {
        private final BlkLimits limits;
        private final Map<LimitKind, LimitLine> lines = new EnumMap<>(LimitKind.class);

        Lines(BlkLimits limits) {
            this.limits = limits;
        }

        @Nullable LimitLine of(LimitKind kind) {
            return lines.get(kind);
        }
    }

    /** With limits. */
    public LimitGroup(BlkLimits limits) {
        this(limits, System::nanoTime);
    }

    /** With a clock that gives the shards' time. */
    public LimitGroup(BlkLimits limits, LongSupplier clock) {
        this.clock = clock;
        lines = next(new Lines(BlkLimits.NONE), limits);
    }

    /** What is in force. */
    public BlkLimits limits() {
        return lines.limits;
    }

    /** Changes the limits from now on. Those that stay as they were go on as they were. */
    public synchronized void set(BlkLimits limits) {
        lines = next(lines, limits);
        // Who sleeps until the old limits let something pass looks again.
        shards.forEach(Doorbell::ring);
    }

    private Lines next(Lines before, BlkLimits limits) {
        Lines made = new Lines(limits);
        limits.limits()
                .forEach(
                        (kind, limit) -> {
                            LimitLine old = before.of(kind);
                            made.lines.put(
                                    kind,
                                    old != null && old.limit().equals(limit)
                                            ? old
                                            : new LimitLine(kind, limit, clock.getAsLong()));
                        });
        return made;
    }

    /** What keeps the limits now: the same object until they change. */
    Lines lines() {
        return lines;
    }

    /** A queue begins to look at the limits; wake its shard when they change. */
    void opened(Doorbell shard) {
        shards.add(shard);
    }

    /** A queue does not look any more. */
    void closed(Doorbell shard) {
        shards.remove(shard);
    }
}
