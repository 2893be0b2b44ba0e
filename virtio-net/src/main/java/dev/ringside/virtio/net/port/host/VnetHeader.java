package dev.ringside.virtio.net.port.host;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ringside.virtio.net.frame.Frame;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The virtio_net_hdr (virtio 1.3, section 5.1.6) between the kernel and us, always little-endian:
 * what is left undone on a frame.
 */
public final class VnetHeader {
    /** With num_buffers, which both sides leave 0. */
    public static final int BYTES = 12;

    private static final int FLAGS = 0;
    private static final int GSO_TYPE = 1;
    private static final int HDR_LEN = 2;
    private static final int GSO_SIZE = 4;
    private static final int CSUM_START = 6;
    private static final int CSUM_OFFSET = 8;
    private static final int NUM_BUFFERS = 10;

    private static final int F_NEEDS_CSUM = 1;
    private static final int F_DATA_VALID = 2;
    private static final int GSO_ECN = 0x80;
    private static final int TCP_BYTES = 20;
    private static final int UDP_BYTES = 8;

    private static final ValueLayout.OfShort U16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private VnetHeader() {}

    /**
     * Writes a frame's header.
     *
     * @param into {@link #BYTES} of it
     */
    public static void write(Frame frame, MemorySegment into) {
        boolean checksum = frame.checksumNeeded();
        int gso = frame.gsoType();
        int start = checksum ? frame.checksumStart() : 0;
        into.set(JAVA_BYTE, FLAGS, (byte) (checksum ? F_NEEDS_CSUM : 0));
        into.set(JAVA_BYTE, GSO_TYPE, (byte) (frame.gsoEcn() ? gso | GSO_ECN : gso));
        into.set(U16, HDR_LEN, (short) headersOf(frame, gso, start));
        into.set(U16, GSO_SIZE, (short) (gso == Frame.GSO_NONE ? 0 : frame.gsoBytes()));
        into.set(U16, CSUM_START, (short) start);
        into.set(U16, CSUM_OFFSET, (short) (checksum ? frame.checksumOffset() : 0));
        into.set(U16, NUM_BUFFERS, (short) 0);
    }

    /** A hint: where the payload begins, at least; the kernel looks for itself. */
    private static int headersOf(Frame frame, int gso, int checksumStart) {
        if (gso == Frame.GSO_NONE || checksumStart == 0) {
            return 0;
        }
        boolean tcp = gso == Frame.GSO_TCPV4 || gso == Frame.GSO_TCPV6;
        return Math.min(frame.length(), checksumStart + (tcp ? TCP_BYTES : UDP_BYTES));
    }

    /**
     * Reads a header and says to the frame, which has all its bytes, what is left undone on it.
     *
     * @return false when the header does not fit the frame
     */
    public static boolean read(MemorySegment memory, long at, Frame frame) {
        int flags = memory.get(JAVA_BYTE, at + FLAGS);
        int type = memory.get(JAVA_BYTE, at + GSO_TYPE) & 0xff;
        if ((flags & F_NEEDS_CSUM) != 0) {
            int start = memory.get(U16, at + CSUM_START) & 0xffff;
            int offset = memory.get(U16, at + CSUM_OFFSET) & 0xffff;
            if (start + offset + Short.BYTES > frame.length()) {
                return false;
            }
            frame.needChecksum(start, offset);
        }
        frame.checksumValid((flags & F_DATA_VALID) != 0);
        return type == Frame.GSO_NONE
                || readSegmentation(type, memory.get(U16, at + GSO_SIZE) & 0xffff, frame);
    }

    private static boolean readSegmentation(int type, int size, Frame frame) {
        int gso = type & ~GSO_ECN;
        boolean known =
                switch (gso) {
                    case Frame.GSO_TCPV4, Frame.GSO_TCPV6, Frame.GSO_UDP, Frame.GSO_UDP_L4 -> true;
                    default -> false;
                };
        // Segments cannot be made without their checksums.
        if (!known || size == 0 || !frame.checksumNeeded()) {
            return false;
        }
        frame.needSegmentation(gso, size, (type & GSO_ECN) != 0);
        return true;
    }
}
