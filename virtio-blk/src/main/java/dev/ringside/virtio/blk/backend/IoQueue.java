package dev.ringside.virtio.blk.backend;

import org.jspecify.annotations.Nullable;

/** A first-in first-out queue of requests with a fixed room. Confined to one thread. */
final class IoQueue {
    private final @Nullable BlockIo[] items;
    private int head;
    private int size;

    /** With room for so many: the number of slots of the channel is always enough. */
    IoQueue(int room) {
        items = new BlockIo[Math.max(1, room)];
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    /** Adds at the end. A request is in it at most once, so there is room. */
    void add(BlockIo io) {
        if (size == items.length) {
            throw new IllegalStateException("a request was submitted twice");
        }
        int tail = head + size;
        items[tail < items.length ? tail : tail - items.length] = io;
        size++;
    }

    /** The first one, null when there is none. */
    @Nullable BlockIo peek() {
        return size == 0 ? null : items[head];
    }

    /** Takes the first one away, if there is one. */
    @Nullable BlockIo remove() {
        if (size == 0) {
            return null;
        }
        BlockIo io = items[head];
        items[head] = null;
        head = head + 1 < items.length ? head + 1 : 0;
        size--;
        return io;
    }
}
