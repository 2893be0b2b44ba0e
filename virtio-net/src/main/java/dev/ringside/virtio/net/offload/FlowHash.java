package dev.ringside.virtio.net.offload;

import dev.ringside.virtio.net.frame.Frame;

/**
 * A quick hash of a flow, to choose a queue by when no driver has said how: the same in both
 * directions. Of addresses and ports of IP; of MAC addresses else. Any thread that has the frame.
 */
public final class FlowHash {
    private FlowHash() {}

    /**
     * The hash of the flow that a frame belongs to.
     *
     * @param frame of which {@code headers} are
     * @return any value; all bits are of use. 0 for less than an Ethernet header
     */
    public static int of(Frame frame, Headers headers) {
        int network = headers.network();
        if (headers.ipVersion() == 0) {
            return network == 0 ? 0 : ofMacs(frame);
        }
        int sum = headers.protocol();
        if (headers.ipVersion() == 4) {
            sum += both(frame.headInt(network + 12), frame.headInt(network + 16));
        } else {
            for (int i = 8; i < 24; i += 4) {
                // Turned, so that words that are equal in both addresses do not cancel out.
                sum = Integer.rotateLeft(sum, 7);
                sum += both(frame.headInt(network + i), frame.headInt(network + i + 16));
            }
        }
        if (headers.isTcp() || headers.isUdp()) {
            int at = headers.transport();
            sum += both(frame.headShort(at), frame.headShort(at + 2)) * 0x9e3779b1;
        }
        return mix(sum);
    }

    private static int ofMacs(Frame frame) {
        int high = both(frame.headShort(0), frame.headShort(6));
        return mix(high + both(frame.headInt(2), frame.headInt(8)));
    }

    /** Of two words in any order. */
    private static int both(int a, int b) {
        return (a ^ b) + (a + b) * 0x85ebca6b;
    }

    /** Every bit of the result depends on every bit (the finaliser of MurmurHash3). */
    private static int mix(int value) {
        int h = value;
        h = (h ^ h >>> 16) * 0x85ebca6b;
        h = (h ^ h >>> 13) * 0xc2b2ae35;
        return h ^ h >>> 16;
    }
}
