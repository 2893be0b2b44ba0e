package dev.ringside.virtio.net.filter;

import dev.ringside.virtio.net.frame.Frame;

/** What a frame is on the wire, when what it still needs is done: how many packets and bytes. */
final class WireSize {
    private static final int UDP_HEADER_BYTES = 8;
    private static final int TCP_OFFSET = 12;

    /** With a timestamp, as nearly all have. */
    private static final int USUAL_TCP_HEADER_BYTES = 32;

    private WireSize() {}

    /** How many packets it will be; 1 when nothing is to be segmented. */
    static int packets(Frame frame) {
        if (frame.gsoType() == Frame.GSO_NONE) {
            return 1;
        }
        int headers = headerBytes(frame);
        int payload = frame.length() - headers;
        return payload <= 0 ? 1 : Math.ceilDiv(payload, Math.max(1, frame.gsoBytes()));
    }

    /** How many bytes {@code packets} packets of it are. */
    static long bytes(Frame frame, int packets) {
        if (packets <= 1) {
            return frame.length();
        }
        return frame.length() + (packets - 1L) * headerBytes(frame);
    }

    private static int headerBytes(Frame frame) {
        int start = frame.checksumStart();
        if (frame.gsoType() != Frame.GSO_TCPV4 && frame.gsoType() != Frame.GSO_TCPV6) {
            return start + UDP_HEADER_BYTES;
        }
        // What others read at the same time must not be changed, and pulling changes it.
        boolean readable =
                frame.headBytes() > start + TCP_OFFSET
                        || (!frame.shared() && frame.pull(start + TCP_OFFSET + 1));
        int tcp =
                readable
                        ? (frame.headByte(start + TCP_OFFSET) >>> 4) * Integer.BYTES
                        : USUAL_TCP_HEADER_BYTES;
        return start + tcp;
    }
}
