package dev.ringside.virtio.net;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricName;
import java.util.Arrays;
import java.util.function.IntFunction;

/** What passed in one poll: added to the counters at its end, not frame by frame. */
final class NetTally {
    private final int[] sizes = new int[NetFamily.SIZE_BUCKETS];

    /** Frames of one length, one after the other, that are counted when the next one differs. */
    private int alike;

    private int alikeBytes;
    private int packets;
    private long bytes;

    /** A frame of so many bytes passed. */
    void passed(int length) {
        if (length != alikeBytes) {
            countAlike();
            alikeBytes = length;
        }
        alike++;
    }

    private void countAlike() {
        if (alike != 0) {
            packets += alike;
            bytes += (long) alike * alikeBytes;
            sizes[NetFamily.sizeBucket(alikeBytes)] += alike;
            alike = 0;
        }
    }

    /**
     * Adds all to counters, and begins anew.
     *
     * @param packetCounter of frames
     * @param byteCounter of their bytes
     * @param sizeCounter of each bucket of {@link NetFamily#sizeBucket}
     */
    <E extends Enum<E> & MetricName> void moveTo(
            Counters<E> counters, E packetCounter, E byteCounter, IntFunction<E> sizeCounter) {
        countAlike();
        if (packets == 0) {
            return;
        }
        counters.add(packetCounter, packets);
        counters.add(byteCounter, bytes);
        for (int i = 0; i < NetFamily.SIZE_BUCKETS; i++) {
            if (sizes[i] != 0) {
                counters.add(sizeCounter.apply(i), sizes[i]);
            }
        }
        packets = 0;
        bytes = 0;
        Arrays.fill(sizes, 0);
    }
}
