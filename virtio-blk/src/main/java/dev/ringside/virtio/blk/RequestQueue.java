package dev.ringside.virtio.blk;

import org.jspecify.annotations.Nullable;

/** Requests that wait, first in, first out, with room for all slots. Confined to the shard. */
final class RequestQueue {
    private final @Nullable BlkRequest[] items;
    private int head;
    private int size;

    RequestQueue(int room) {
        items = new BlkRequest[room];
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    /** Adds at the end. A request is in one queue at most, so there is room. */
    void add(BlkRequest request) {
        int tail = head + size;
        items[tail < items.length ? tail : tail - items.length] = request;
        size++;
    }

    /** The first one; null when there is none. */
    @Nullable BlkRequest peek() {
        return size == 0 ? null : items[head];
    }

    /** Takes the first one; null when there is none. */
    @Nullable BlkRequest remove() {
        BlkRequest first = peek();
        if (first != null) {
            items[head] = null;
            head = head + 1 < items.length ? head + 1 : 0;
            size--;
        }
        return first;
    }
}
