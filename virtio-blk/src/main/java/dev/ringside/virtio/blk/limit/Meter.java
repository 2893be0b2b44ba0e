package dev.ringside.virtio.blk.limit;

import org.jspecify.annotations.Nullable;

/** One limit as one queue sees it. Confined to the queue's shard. */
final class Meter {
    /** How late a queue may come for a slice and lose nothing, ticks: 100 ms. */
    private static final long LATE_TICKS = LimitLine.ticks(100_000_000);

    private @Nullable LimitLine line;

    /** What may be used now, ticks; negative: what was used without asking. */
    private long credit;

    /** A slice that may be used from {@link #readyTicks} on, ticks; 0: none is reserved. */
    private long reservedTicks;

    private long readyTicks;

    /** Whether slices have been waited for, one after the other. */
    private boolean waited;

    /** Goes on with another line; null: there is no limit any more. */
    @SuppressWarnings("ReferenceEquality") // a line is itself
    void bind(@Nullable LimitLine next) {
        if (next != line) {
            leave();
            line = next;
            credit = 0;
        }
    }

    boolean active() {
        return line != null;
    }

    /** Whether a request may go now; when not, the next slice is reserved for it. */
    boolean allows(long bytes, long nowTicks) {
        LimitLine from = line;
        if (from == null) {
            return true;
        }
        long cost = from.cost(bytes);
        while (credit < cost) {
            if (reservedTicks == 0) {
                from.reserve(wantedSince(nowTicks), cost - credit, this);
            }
            if (readyTicks - nowTicks > 0) {
                waited = true;
                return false;
            }
            credit += reservedTicks;
            reservedTicks = 0;
        }
        return true;
    }

    /** The line's answer to {@link LimitLine#reserve}. */
    void reserved(long ticks, long usableAt) {
        reservedTicks = ticks;
        readyTicks = usableAt;
    }

    /** Who waited for the slice before would have come at once for this one. */
    private long wantedSince(long nowTicks) {
        return waited ? Math.max(readyTicks - nowTicks, -LATE_TICKS) + nowTicks : nowTicks;
    }

    /** Nothing was wanted for a while. */
    void rest() {
        waited = false;
    }

    /** A request goes. */
    void take(long bytes) {
        LimitLine from = line;
        if (from != null) {
            credit -= from.cost(bytes);
        }
    }

    /** How long the next slice is away, ticks; 0: none is waited for. */
    long awayTicks(long nowTicks) {
        return reservedTicks > 0 ? Math.max(0, readyTicks - nowTicks) : 0;
    }

    /** Wants nothing for now: others may have what it did not use. What it owes stays. */
    void leave() {
        LimitLine from = line;
        if (from == null) {
            return;
        }
        long unused = Math.max(0, credit) + reservedTicks;
        if (unused > 0) {
            from.giveBack(unused);
        }
        credit = Math.min(0, credit);
        reservedTicks = 0;
        waited = false;
    }
}
