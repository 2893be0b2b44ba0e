package dev.ringside.virtio.net;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import org.jspecify.annotations.Nullable;

/**
 * Checks what the header before a transmitted frame asks for, and notes it on the frame (section
 * 5.1.6.2). Works on copies of the header's fields.
 */
final class TransmitHeader {
    private TransmitHeader() {}

    /** Whether the header's first eight bytes ask for nothing. */
    static boolean asksNothing(long word) {
        // ECN alone means nothing: there is no TCP segmentation that it belongs to.
        return (word & (NetSpec.VIRTIO_NET_HDR_F_NEEDS_CSUM | 0x7f00L)) == 0;
    }

    /**
     * Notes what is left undone on a frame.
     *
     * @param word the header's first eight bytes
     * @param checksumOffset {@code csum_offset}
     * @param allowed {@link Offload} bits that were negotiated
     * @return null, or why the frame must be dropped
     */
    static @Nullable TransmitCounter apply(
            Frame frame, long word, int checksumOffset, int allowed) {
        boolean checksum = (word & NetSpec.VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
        if (checksum) {
            if ((allowed & Offload.CSUM) == 0) {
                return TransmitCounter.CHECKSUM_NOT_NEGOTIATED;
            }
            int start = (int) (word >>> (Byte.SIZE * NetSpec.HEADER_CSUM_START)) & 0xffff;
            // Two 16-bit numbers: their sum cannot wrap.
            if (start < Frame.MIN_BYTES || start + checksumOffset + 2 > frame.length()) {
                return TransmitCounter.CHECKSUM_OUTSIDE;
            }
            frame.needChecksum(start, checksumOffset);
        }
        int gso = (int) (word >>> (Byte.SIZE * NetSpec.HEADER_GSO_TYPE)) & 0xff;
        int type = gso & ~NetSpec.VIRTIO_NET_HDR_GSO_ECN;
        if (type == Frame.GSO_NONE) {
            return null;
        }
        return segmentation(frame, word, checksum, allowed);
    }

    private static @Nullable TransmitCounter segmentation(
            Frame frame, long word, boolean checksum, int allowed) {
        int gso = (int) (word >>> (Byte.SIZE * NetSpec.HEADER_GSO_TYPE)) & 0xff;
        int type = gso & ~NetSpec.VIRTIO_NET_HDR_GSO_ECN;
        boolean ecn = type != gso;
        boolean tcp = type == Frame.GSO_TCPV4 || type == Frame.GSO_TCPV6;
        int needed =
                switch (type) {
                    case Frame.GSO_TCPV4 -> Offload.TSO4;
                    case Frame.GSO_TCPV6 -> Offload.TSO6;
                    case Frame.GSO_UDP -> Offload.UFO;
                    case Frame.GSO_UDP_L4 -> Offload.USO4 | Offload.USO6;
                    default -> Offload.NONE;
                };
        if (needed == Offload.NONE || (ecn && !tcp)) {
            return TransmitCounter.GSO_UNKNOWN;
        }
        if (ecn) {
            needed |= Offload.ECN;
        }
        if ((allowed & needed) != needed) {
            return TransmitCounter.GSO_NOT_NEGOTIATED;
        }
        int headerLength = (int) (word >>> (Byte.SIZE * NetSpec.HEADER_HDR_LEN)) & 0xffff;
        if (!checksum || headerLength > frame.length()) {
            return TransmitCounter.GSO_HEADER;
        }
        int size = (int) (word >>> (Byte.SIZE * NetSpec.HEADER_GSO_SIZE)) & 0xffff;
        if (size == 0) {
            return TransmitCounter.GSO_SIZE;
        }
        frame.needSegmentation(type, size, ecn);
        return null;
    }
}
