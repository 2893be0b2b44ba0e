package dev.ringside.virtqueue;

import dev.ringside.shm.EventFd;
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
     * Bytes of a split ring's device area were written.
     *
     * @return false when the log does not cover them
     */
    boolean ringWritten(long offset, long bytes) {
        QueueLog now = log;
        return !now.ring() || now.pages().mark(now.ringAddress() + offset, bytes);
    }

    /**
     * Used entries of a split ring and its index were written, and shown to the driver.
     *
     * @param from used index of the first entry, {@code to} that behind the last
     * @return false when the log does not cover them
     */
    boolean splitPublished(int from, int to, int size) {
        int first = from & (size - 1);
        int count = (to - from) & 0xffff;
        int straight = Math.min(count, size - first);
        boolean covered =
                ringWritten(0, SplitRingSpec.USED_RING)
                        && entriesWritten(first, straight)
                        && entriesWritten(0, count - straight);
        published();
        return covered;
    }

    private boolean entriesWritten(int first, int count) {
        return ringWritten(
                SplitRingSpec.USED_RING + (long) SplitRingSpec.USED_ENTRY_BYTES * first,
                (long) SplitRingSpec.USED_ENTRY_BYTES * count);
    }

    /**
     * Bytes of a packed ring were written: its descriptors are logged by where they are, because a
     * log's address for the ring is only that of the device area.
     *
     * @return false when the log does not cover them
     */
    boolean packedWritten(long guestAddress, long bytes) {
        QueueLog now = log;
        return !now.ring() || now.pages().mark(guestAddress, bytes);
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
