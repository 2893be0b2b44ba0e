package dev.ringside.virtio.net.l2;

import java.util.HexFormat;

/** MAC addresses as numbers: the first byte on the wire is in bits 47 to 40. */
public final class MacAddress {
    /** Set in the addresses of groups. */
    static final long GROUP = 1L << 40;

    /** 01:80:C2:00:00:00 to 0F: never forwarded by a bridge (IEEE 802.1Q, table 8-1). */
    private static final long RESERVED = 0x0180c2000000L;

    private static final int BYTES = 6;
    private static final HexFormat COLONS = HexFormat.ofDelimiter(":");

    private MacAddress() {}

    /**
     * Reads {@code 52:54:00:12:34:56}.
     *
     * @throws IllegalArgumentException when it is not the address of one station
     */
    public static long parse(String text) {
        byte[] bytes;
        try {
            bytes = COLONS.parseHex(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(rule(text), e);
        }
        long address = 0;
        for (byte part : bytes) {
            address = address << Byte.SIZE | Byte.toUnsignedLong(part);
        }
        if (bytes.length != BYTES || !isStation(address)) {
            throw new IllegalArgumentException(rule(text));
        }
        return address;
    }

    private static String rule(String text) {
        return text + ": must be the address of one station, as in 52:54:00:12:34:56";
    }

    /** As {@link #parse} reads it. */
    public static String format(long address) {
        byte[] bytes = new byte[BYTES];
        for (int i = 0; i < BYTES; i++) {
            bytes[i] = (byte) (address >>> (Byte.SIZE * (BYTES - 1 - i)));
        }
        return COLONS.formatHex(bytes);
    }

    /** Whether it may be the source of a frame: not a group's, not zero. */
    static boolean isStation(long address) {
        return (address & GROUP) == 0 && address != 0 && address >>> 48 == 0;
    }

    static boolean isGroup(long address) {
        return (address & GROUP) != 0;
    }

    static boolean isReserved(long address) {
        return (address & ~0xfL) == RESERVED;
    }
}
