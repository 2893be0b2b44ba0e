package dev.ringside.virtio.net.filter;

import org.jspecify.annotations.Nullable;

/** A rate and the buckets that keep it; made anew, with full buckets, when the rate changes. */
final class Limits {
    /** The least that anything costs: what is waited for when the next frame is not known. */
    private static final long LEAST_BITS = 60 * Byte.SIZE;

    private final Rate rate;
    private final @Nullable SharedBucket bits;
    private final @Nullable SharedBucket packets;

    Limits(Rate rate) {
        this.rate = rate;
        bits =
                rate.bitsPerSecond() == 0
                        ? null
                        : new SharedBucket(rate.bitsPerSecond(), rate.effectiveBurstBits());
        packets =
                rate.packetsPerSecond() == 0
                        ? null
                        : new SharedBucket(rate.packetsPerSecond(), rate.effectiveBurstPackets());
    }

    Rate rate() {
        return rate;
    }

    boolean isUnlimited() {
        return bits == null && packets == null;
    }

    /**
     * Takes both, or nothing.
     *
     * @return 0: taken; else in how many nanoseconds that may succeed
     */
    long take(long bitCount, long packetCount, long nowNs) {
        SharedBucket ofBits = bits;
        SharedBucket ofPackets = packets;
        long bitCost = 0;
        if (ofBits != null) {
            bitCost = ofBits.cost(bitCount);
            long waitNs = ofBits.take(bitCost, nowNs);
            if (waitNs > 0) {
                return waitNs;
            }
        }
        if (ofPackets == null) {
            return 0;
        }
        long waitNs = ofPackets.take(ofPackets.cost(packetCount), nowNs);
        if (waitNs > 0 && ofBits != null) {
            ofBits.giveBack(bitCost);
        }
        return waitNs;
    }

    /** Gives back what did not pass after all. */
    void giveBack(long bitCount, long packetCount) {
        if (bits != null) {
            bits.giveBack(bits.cost(bitCount));
        }
        if (packets != null) {
            packets.giveBack(packets.cost(packetCount));
        }
    }

    /** In how many nanoseconds the smallest frame may pass; 0: now. */
    long waitNs(long nowNs) {
        long waitNs = bits == null ? 0 : bits.waitNs(bits.cost(LEAST_BITS), nowNs);
        return packets == null ? waitNs : Math.max(waitNs, packets.waitNs(packets.cost(1), nowNs));
    }
}
