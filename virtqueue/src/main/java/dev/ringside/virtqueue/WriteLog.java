package dev.ringside.virtqueue;

import dev.ringside.shm.DirtyLog;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.GuestMemory;
import org.jspecify.annotations.Nullable;

/**
 * A queue's end of the dirty log: what its chains write, and what the queue itself writes into the
 * ring. Marks come after the bytes that they are for. Confined to the queue's thread; allocates in
 * its constructor only.
 */
final class WriteLog {
    private final WritableRanges ranges;
    private QueueLog log;
    private boolean marked;

    private WriteLog(int queueSize, int maxChainEntries, QueueLog log) {
        ranges = new WritableRanges(queueSize, maxChainEntries);
        this.log = log;
    }

    /** What a queue goes on with that logs elsewhere, or not at all. */
    static @Nullable WriteLog next(
            @Nullable WriteLog before, @Nullable QueueLog log, Virtqueue queue) {
        if (log == null || before == null) {
            return log == null ? null : new WriteLog(queue.size(), queue.maxChainEntries(), log);
        }
        // What was taken before is marked in the new log, too.
        before.log = log;
        return before;
    }

    QueueLog log() {
        return log;
    }

    /** A chain was found: false when it cannot be taken before others are done. */
    boolean taken(int head, DescriptorChain chain) {
        return ranges.add(head, chain);
    }

    /** A chain goes back unused. */
    void givenBack(int head) {
        ranges.forget(head);
    }

    /**
     * A chain was completed.
     *
     * @param touchedBytes how many bytes from the start of its writable part may have changed
     * @return false when the log does not cover all of them
     */
    boolean completed(int head, long touchedBytes) {
        QueueLog now = log;
        if (!now.data()) {
            ranges.forget(head);
            return true;
        }
        marked = true;
        return ranges.mark(head, touchedBytes, now.pages());
    }

    /**
     * Bytes of a split ring's device area were written, and no IOMMU is there.
     *
     * @return false when the log does not cover them
     */
    boolean splitWritten(long offset, long bytes) {
        QueueLog now = log;
        marked |= now.ring();
        return !now.ring() || now.pages().mark(now.ringAddress() + offset, bytes);
    }

    /**
     * Bytes of a ring were written that are logged by where they lie: a packed one's, because a
     * log's address for the ring is only that of the device area, and behind an IOMMU, where that
     * address is the driver's. They may lie in pages apart.
     *
     * @param address of the first one in this process
     * @return false when the log does not cover them
     */
    boolean ringWritten(GuestMemory memory, long address, long bytes) {
        QueueLog now = log;
        marked |= now.ring();
        boolean covered = true;
        long at = address;
        while (now.ring() && at < address + bytes) {
            long next =
                    Math.min(address + bytes, (at & -DirtyLog.PAGE_BYTES) + DirtyLog.PAGE_BYTES);
            covered &= now.pages().mark(memory.physicalAddress(at), next - at);
            at = next;
        }
        return covered;
    }

    /** Everything that was marked is published: tells who wants to know. */
    void published() {
        EventFd listener = log.changed();
        if (marked && listener != null) {
            listener.signal();
        }
        marked = false;
    }
}
