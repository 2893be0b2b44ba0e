package dev.ringside.virtio.net;

import java.util.Arrays;

/** What passed in one poll: added to the counters at its end, not frame by frame. */
final class NetTally {
    private final int[] sizes = new int[NetFamily.SIZE_BUCKETS];
    private int packets;
    private long bytes;

    /** A frame of so many bytes passed. */
    void passed(int length) {
        packets++;
        bytes += length;
        sizes[NetFamily.sizeBucket(length)]++;
    }

    boolean isEmpty() {
        return packets == 0;
    }

    int packets() {
        return packets;
    }

    long bytes() {
        return bytes;
    }

    /** How many frames are in a bucket of {@link NetFamily#sizeBucket}. */
    int size(int bucket) {
        return sizes[bucket];
    }

    void clear() {
        packets = 0;
        bytes = 0;
        Arrays.fill(sizes, 0);
    }
}
