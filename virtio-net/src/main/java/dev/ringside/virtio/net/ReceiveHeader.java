package dev.ringside.virtio.net;

import dev.ringside.virtio.net.frame.Frame;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Makes the header before a received frame (section 5.1.6.4). */
final class ReceiveHeader {
    /** Where a TCP header tells its length, in 32-bit words, in the upper half of a byte. */
    private static final int TCP_DATA_OFFSET = 12;

    private static final int UDP_HEADER_BYTES = 8;

    private final MemorySegment scratch = MemorySegment.ofArray(new byte[1]);

    /**
     * The header's first eight bytes.
     *
     * @param sayValid the driver wants to know that a checksum was verified
     */
    long firstWord(Frame frame, boolean sayValid) {
        long word = 0;
        if (frame.checksumNeeded()) {
            word =
                    NetSpec.VIRTIO_NET_HDR_F_NEEDS_CSUM
                            | (long) frame.checksumStart()
                                    << (Byte.SIZE * NetSpec.HEADER_CSUM_START);
        } else if (sayValid && frame.checksumValid()) {
            word = NetSpec.VIRTIO_NET_HDR_F_DATA_VALID;
        }
        return frame.gsoType() == Frame.GSO_NONE ? word : word | segmentation(frame);
    }

    private long segmentation(Frame frame) {
        int type = frame.gsoType() | (frame.gsoEcn() ? NetSpec.VIRTIO_NET_HDR_GSO_ECN : 0);
        return (long) type << (Byte.SIZE * NetSpec.HEADER_GSO_TYPE)
                | (long) headerLength(frame) << (Byte.SIZE * NetSpec.HEADER_HDR_LEN)
                | (long) frame.gsoBytes() << (Byte.SIZE * NetSpec.HEADER_GSO_SIZE);
    }

    /** Length of all headers up to the payload: a hint for the driver. */
    private int headerLength(Frame frame) {
        int transport = frame.checksumNeeded() ? frame.checksumStart() : 0;
        int length = transport;
        if (frame.gsoType() == Frame.GSO_UDP || frame.gsoType() == Frame.GSO_UDP_L4) {
            length += UDP_HEADER_BYTES;
        } else if (transport + TCP_DATA_OFFSET < frame.length()) {
            frame.copyTo(transport + TCP_DATA_OFFSET, scratch, 0, 1);
            length += (scratch.get(ValueLayout.JAVA_BYTE, 0) & 0xf0) >>> 2;
        }
        return Math.min(length, Math.min(frame.length(), 0xffff));
    }
}
