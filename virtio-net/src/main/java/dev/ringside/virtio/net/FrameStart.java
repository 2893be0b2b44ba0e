package dev.ringside.virtio.net;

import dev.ringside.virtio.net.frame.Frame;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Looks at a frame's first bytes, without changing it, for a filter. One thread. */
final class FrameStart {
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int ETHERTYPE_VLAN = 0x8100;

    /** An Ethernet header and the number in a VLAN tag. */
    private static final int BYTES = 16;

    private final MemorySegment start = MemorySegment.ofArray(new byte[BYTES]);

    /**
     * Whether a filter lets a frame through.
     *
     * @param own the device's address
     */
    boolean passes(Frame frame, ReceiveFilter filter, long own) {
        int length = Math.min(frame.length(), BYTES);
        if (length < Frame.MIN_BYTES) {
            return true;
        }
        frame.copyTo(0, start, 0, length);
        long destination = start.get(LONG, 0) >>> Short.SIZE;
        int type = Short.toUnsignedInt(start.get(SHORT, 12));
        boolean tagged = type == ETHERTYPE_VLAN && length == BYTES;
        return filter.passes(destination, tagged ? start.get(SHORT, 14) & 0xfff : -1, own);
    }
}
