package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the frames of a load begin with: an Ethernet header alone, or UDP over IPv4 of several
 * flows, each with an address and a port of its own to send from (198.18.0.0/15, which RFC 2544
 * sets aside for this). All of it follows from a frame's length and number.
 *
 * <p>Allocates nothing; any thread.
 */
final class FrameHeader {
    /** The most flows: as many as there are addresses to send from. */
    static final int MOST_FLOWS = 1 << 16;

    private static final ValueLayout.OfLong BE64 = JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfInt BE32 = JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);

    // Locally administered addresses; without flows the first type for experiments (88b5).
    private static final long STATIONS = 0x0252_5300_0002_0252L;
    private static final long EXPERIMENT = 0x0252_5300_0001_88b5L;
    private static final long IPV4 = 0x0252_5300_0001_0800L;
    private static final byte[] ETHERNET = {
        0x02, 0x52, 0x53, 0, 0, 2, 0x02, 0x52, 0x53, 0, 0, 1, (byte) 0x88, (byte) 0xb5
    };

    private static final int SECOND_WORD = 6;
    private static final int IP = NetSpec.ETHERNET_HEADER_BYTES;
    private static final int IP_BYTES = 20;
    private static final int UDP = IP + IP_BYTES;
    private static final int UDP_BYTES = 8;
    private static final int VERSION_AND_LENGTH = 0x4500;
    private static final int DO_NOT_FRAGMENT = 0x4000;
    private static final int TTL_AND_UDP = 0x4011;
    private static final int FROM = 0xc612_0000;
    private static final int TO = 0xc613_0001;
    private static final int PORT_FROM = 0xc000;
    private static final int PORT_MASK = 0x3fff;
    private static final int PORT_TO = 9;

    private final int flows;

    /**
     * @param flows how many; 0: Ethernet alone
     */
    FrameHeader(final int flows) {
        this.flows = flows;
    }

    /** How long it is. */
    int bytes() {
        return flows == 0 ? NetSpec.ETHERNET_HEADER_BYTES : UDP + UDP_BYTES;
    }

    /** Writes the header of a frame; of Ethernet alone as much as fits. */
    void write(final MemorySegment at, final long offset, final int length, final long number) {
        if (flows == 0) {
            final int fits = Math.min(length, ETHERNET.length);
            MemorySegment.copy(ETHERNET, 0, at, JAVA_BYTE, offset, fits);
            return;
        }
        at.set(BE64, offset, STATIONS);
        at.set(BE64, offset + SECOND_WORD, IPV4);
        final int from = from(number);
        at.set(BE64, offset + IP, lengths(length));
        at.set(BE64, offset + IP + 8, sender(length, from));
        at.set(BE64, offset + IP + 16, receiver(from));
        at.set(BE32, offset + UDP + 4, (length - UDP) << Short.SIZE);
    }

    /** Bits that differ from what {@link #write} wrote; the frame has room for a header. */
    long differences(
            final MemorySegment at, final long offset, final int length, final long number) {
        final long stations = at.get(BE64, offset) ^ STATIONS;
        if (flows == 0) {
            return stations | (at.get(BE64, offset + SECOND_WORD) ^ EXPERIMENT);
        }
        final int from = from(number);
        return stations
                | (at.get(BE64, offset + SECOND_WORD) ^ IPV4)
                | (at.get(BE64, offset + IP) ^ lengths(length))
                | (at.get(BE64, offset + IP + 8) ^ sender(length, from))
                | (at.get(BE64, offset + IP + 16) ^ receiver(from))
                | (at.get(BE32, offset + UDP + 4) ^ ((length - UDP) << Short.SIZE));
    }

    private int from(final long number) {
        return FROM | (int) Long.remainderUnsigned(number, flows);
    }

    private static long lengths(final int length) {
        return (long) VERSION_AND_LENGTH << 48 | (long) (length - IP) << 32 | DO_NOT_FRAGMENT;
    }

    private static long sender(final int length, final int from) {
        final int sum =
                VERSION_AND_LENGTH
                        + (length - IP)
                        + DO_NOT_FRAGMENT
                        + TTL_AND_UDP
                        + (from >>> Short.SIZE)
                        + (from & 0xffff)
                        + (TO >>> Short.SIZE)
                        + (TO & 0xffff);
        final int folded = (sum & 0xffff) + (sum >>> Short.SIZE);
        final int checksum = ~(folded + (folded >>> Short.SIZE)) & 0xffff;
        return (long) TTL_AND_UDP << 48 | (long) checksum << 32 | Integer.toUnsignedLong(from);
    }

    private static long receiver(final int from) {
        final int ports = (PORT_FROM | (from & PORT_MASK)) << Short.SIZE | PORT_TO;
        return Integer.toUnsignedLong(TO) << 32 | Integer.toUnsignedLong(ports);
    }
}
