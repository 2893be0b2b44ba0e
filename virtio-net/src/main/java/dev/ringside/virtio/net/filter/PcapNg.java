package dev.ringside.virtio.net.filter;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes blocks of the pcapng format (draft-ietf-opsawg-pcapng), little-endian, one interface of
 * Ethernet with timestamps in nanoseconds. Confined to one thread.
 */
final class PcapNg {
    /** Direction, as seen by the guest's interface: it got the frame. */
    static final int INBOUND = 1;

    /** Direction, as seen by the guest's interface: it sent the frame. */
    static final int OUTBOUND = 2;

    /** What a packet's block has besides its bytes. */
    static final int PACKET_OVERHEAD = 48;

    /** More than any other block is long, for names of up to 200 bytes. */
    static final int OTHER_BLOCKS_MAX = 512;

    private static final int SECTION_HEADER = 0x0a0d0d0a;
    private static final int BYTE_ORDER = 0x1a2b3c4d;
    private static final int INTERFACE_DESCRIPTION = 1;
    private static final int INTERFACE_STATISTICS = 5;
    private static final int ENHANCED_PACKET = 6;
    private static final int LINKTYPE_ETHERNET = 1;
    private static final int OPTION_END = 0;
    private static final int SHB_USERAPPL = 4;
    private static final int IF_NAME = 2;
    private static final int IF_TSRESOL = 9;
    private static final int ISB_IFRECV = 4;
    private static final int ISB_IFDROP = 5;
    private static final int EPB_FLAGS = 2;
    private static final int NAME_MAX = 200;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment into;
    private long at;
    private long start;

    /** Writes into a buffer whose space the caller watches. */
    PcapNg(MemorySegment into) {
        this.into = into;
    }

    /** Where the next block will be. */
    long position() {
        return at;
    }

    /** Goes on elsewhere in the buffer. */
    void position(long position) {
        at = position;
    }

    /** Begins a section with one interface. */
    void header(String name, int snapBytes) {
        begin(SECTION_HEADER);
        putInt(BYTE_ORDER);
        putShort(1); // version 1.0
        putShort(0);
        putLong(-1); // the section's length is not known
        text(SHB_USERAPPL, "Ringside");
        putInt(OPTION_END);
        end();
        begin(INTERFACE_DESCRIPTION);
        putShort(LINKTYPE_ETHERNET);
        putShort(0);
        putInt(snapBytes);
        text(IF_NAME, name);
        option(IF_TSRESOL, 1);
        putInt(9); // 10^-9 seconds; the rest is padding
        putInt(OPTION_END);
        end();
    }

    /** A packet, by a record of a {@link CaptureRing}. */
    void packet(MemorySegment records, int record) {
        int captured = records.get(ValueLayout.JAVA_INT, record + CaptureRing.CAPTURED_BYTES);
        begin(ENHANCED_PACKET);
        putInt(0); // the interface
        putTime(records.get(ValueLayout.JAVA_LONG, record + CaptureRing.TIME));
        putInt(captured);
        putInt(records.get(ValueLayout.JAVA_INT, record + CaptureRing.FRAME_BYTES));
        MemorySegment.copy(records, record + CaptureRing.HEADER_BYTES, into, at, captured);
        at += captured;
        pad();
        option(EPB_FLAGS, Integer.BYTES);
        putInt(records.get(ValueLayout.JAVA_INT, record + CaptureRing.DIRECTION));
        putInt(OPTION_END);
        end();
    }

    /**
     * How many frames passed since the capture began, and how many of them are not in it.
     *
     * @param timeNs since 1970
     */
    void statistics(long timeNs, long passed, long dropped) {
        begin(INTERFACE_STATISTICS);
        putInt(0);
        putTime(timeNs);
        option(ISB_IFRECV, Long.BYTES);
        putLong(passed);
        option(ISB_IFDROP, Long.BYTES);
        putLong(dropped);
        putInt(OPTION_END);
        end();
    }

    private void begin(int type) {
        start = at;
        putInt(type);
        putInt(0); // its length, known at the end
    }

    private void end() {
        int length = (int) (at - start) + Integer.BYTES;
        into.set(INT, start + Integer.BYTES, length);
        putInt(length);
    }

    private void option(int code, int length) {
        putShort(code);
        putShort(length);
    }

    private void text(int code, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, NAME_MAX);
        option(code, length);
        MemorySegment.copy(bytes, 0, into, ValueLayout.JAVA_BYTE, at, length);
        at += length;
        pad();
    }

    private void pad() {
        while ((at - start) % Integer.BYTES != 0) {
            into.set(ValueLayout.JAVA_BYTE, at++, (byte) 0);
        }
    }

    private void putTime(long timeNs) {
        putInt((int) (timeNs >>> Integer.SIZE));
        putInt((int) timeNs);
    }

    private void putShort(int value) {
        into.set(SHORT, at, (short) value);
        at += Short.BYTES;
    }

    private void putInt(int value) {
        into.set(INT, at, value);
        at += Integer.BYTES;
    }

    private void putLong(long value) {
        into.set(LONG, at, value);
        at += Long.BYTES;
    }
}
