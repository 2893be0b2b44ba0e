package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What split and packed virtqueues have in common: who they are, and who is told what. */
abstract sealed class RingQueue implements Virtqueue permits SplitVirtqueue, PackedVirtqueue {
    /** Fewer cost less one by one. */
    private static final int FEW_BUFFERS = 4;

    final int index;
    final int size;
    final boolean eventIdx;

    /** With VIRTIO_F_ACCESS_PLATFORM only. */
    final @Nullable IoAccess io;

    /** With VIRTIO_F_IN_ORDER only. */
    final @Nullable UsedOrder order;

    /** Chains taken and not completed. */
    int inFlight;

    /** Whether the driver was asked not to kick. */
    boolean suppressed;

    /** Whether a driver was called for what came before is unknown: then it is called once more. */
    boolean callUnknown = true;

    @Nullable RingFault fault;

    /** The ring is not to be touched: it is gone for good or, behind an IOMMU, for now. */
    boolean unmapped;

    /** Null while nothing is logged. */
    @Nullable WriteLog writeLog;

    /** {@link #isTracked()}, so that the common path asks once for all. */
    boolean tracked;

    RingQueue(RingLayout layout, long features) {
        index = layout.index();
        size = layout.size();
        eventIdx = (features & VirtioSpec.VIRTIO_RING_F_EVENT_IDX) != 0;
        io = IoAccess.of(features, index, size);
        boolean inOrder = (features & VirtioSpec.VIRTIO_F_IN_ORDER) != 0;
        order = inOrder ? new UsedOrder(size) : null;
    }

    /** Whether anybody but the queue itself has to hear of each chain. */
    boolean isTracked() {
        return io != null || writeLog != null;
    }

    /** Has the ring, and what walks it, work in another memory; false: it is not in there. */
    abstract boolean moveRing(GuestMemory memory);

    /** What was read of chains that were not taken. */
    abstract ReadAhead ahead();

    /** Makes the chain that was taken last available again; {@link #ahead} does not know it. */
    abstract void putBack(int head);

    /** What the driver was seen to have made available is looked up again before it is taken. */
    abstract void forgetSeen();

    /** The IOMMU has taken the ring back: what was seen in it is not taken now. */
    abstract void pause();

    /** The IOMMU has given the ring, or something else. */
    abstract void resume();

    /** Whether an address of the ring lies in a range. */
    abstract boolean ringTouches(long first, long last);

    @Override
    public final int index() {
        return index;
    }

    @Override
    public final int size() {
        return size;
    }

    @Override
    public final int inFlight() {
        return inFlight;
    }

    @Override
    public final RingView view(int entries) {
        RingFault stopped = fault;
        return new RingView(
                this instanceof PackedVirtqueue ? "packed" : "split",
                size,
                inFlight(),
                stopped == null ? "" : stopped.label(),
                unmapped
                        ? RingView.Content.NONE
                        : content(Math.clamp(entries, 0, RingView.MAX_ENTRIES)));
    }

    /** What stands in the ring, which is mapped. */
    abstract RingView.Content content(int entries);

    @Override
    public final int maxChainEntries() {
        return GuestBuffers.maxChainEntries(size);
    }

    @Override
    public final void fail(RingFault reason) {
        Objects.requireNonNull(reason);
        if (fault == null) {
            fault = reason;
        }
        forgetSeen();
    }

    @Override
    public final @Nullable RingFault fault() {
        return fault;
    }

    @Override
    public final void log(@Nullable QueueLog log) {
        writeLog = WriteLog.next(writeLog, log, this);
        tracked = isTracked();
    }

    @Override
    public final @Nullable QueueLog log() {
        return writeLog == null ? null : writeLog.log();
    }

    @Override
    public final void onMiss(TranslationListener listener) {
        if (io != null) {
            io.listen(listener);
        }
    }

    @Override
    public final boolean remap(GuestMemory memory) {
        IoAccess access = io;
        if (access == null) {
            unmapped = unmapped || !moveRing(memory);
            if (unmapped) {
                fail(RingFault.MEMORY_GONE);
            }
            return !unmapped;
        }
        unmapped = !moveRing(memory);
        if (unmapped) {
            access.waitForRing();
            pause();
        } else {
            access.resume();
            resume();
        }
        return true;
    }

    @Override
    public final boolean touches(long first, long last) {
        return io == null || ringTouches(first, last) || io.inFlight().touch(first, last);
    }

    @Override
    public final void giveBack(int head) {
        putBack(head);
        ahead().forget();
    }

    @Override
    public final int nextBuffers(BufferBurst into, int most) {
        int limit = Math.min(Math.min(most, into.room()), pending());
        if (tracked || limit < FEW_BUFFERS) {
            into.empty();
            return 0;
        }
        return takeBuffers(into, limit);
    }

    /** As {@link #nextBuffers}: so many are pending, and nobody keeps track of them. */
    abstract int takeBuffers(BufferBurst into, int most);

    @Override
    public final void settleBuffers(BufferBurst burst, int end) {
        int left = burst.count() - end;
        for (int i = burst.count() - 1; i >= end; i--) {
            putBack(burst.head(i));
        }
        if (left > 0 && (tracked || fault != null || !ahead().goBack(left))) {
            ahead().forget();
        }
        for (int i = 0; i < end; i++) {
            if (!burst.isKept(i)) {
                complete(burst.head(i), burst.written(i), burst.written(i));
            }
        }
        burst.empty();
    }

    /** A chain that is {@link #tracked} was completed. */
    final void untrack(int head, long touchedBytes) {
        if (writeLog != null && !writeLog.completed(head, touchedBytes)) {
            fail(RingFault.DIRTY_LOG);
        }
        forgetRanges(head);
    }

    /** A chain is not in flight any more. */
    final void forgetRanges(int head) {
        if (io != null) {
            io.inFlight().remove(head);
        }
    }

    final IllegalArgumentException notInFlight(String name, int head) {
        return new IllegalArgumentException(
                "queue %d: %s %d is not in flight: complete each chain once"
                        .formatted(index, name, head));
    }
}
