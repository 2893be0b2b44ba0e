package dev.ringside.virtio.net.port.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A valid Ethernet, IPv4 and UDP frame between addresses that are set apart for benchmarks (RFC
 * 2544: 198.18.0.0/15; UDP port 9 discards). Its payload begins with a 64-bit big-endian sequence
 * number and that number's complement: so its UDP checksum is the same for every number.
 */
final class TestFrame {
    /** Shortest Ethernet frame, without FCS. */
    static final int MIN_BYTES = 60;

    /** Longest: 65535 bytes of IP packet. */
    static final int MAX_BYTES = 65535 + 14;

    /** Where the sequence number is; its complement follows it. */
    static final int SEQUENCE = 42;

    private static final int IP = 14;
    private static final int UDP = 34;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final MemorySegment memory;

    /**
     * A frame with sequence number 0.
     *
     * @param bytes its length without FCS
     * @param flow tells frames of several queues apart: part of source address and port
     */
    TestFrame(int bytes, int flow) {
        memory = Arena.ofAuto().allocate(bytes, 64);
        ethernet(flow);
        ip(bytes - IP, flow);
        udp(bytes - UDP, flow);
    }

    private void ethernet(int flow) {
        // To all: a guest takes it whatever its address is, and its IP layer discards it.
        memory.set(INT, 0, -1);
        memory.set(SHORT, 4, (short) -1);
        memory.set(SHORT, 6, (short) 0x0200);
        memory.set(INT, 8, flow);
        memory.set(SHORT, 12, (short) 0x0800);
    }

    private void ip(int length, int flow) {
        memory.set(SHORT, IP, (short) 0x4500);
        memory.set(SHORT, IP + 2, (short) length);
        memory.set(SHORT, IP + 6, (short) 0x4000); // don't fragment
        memory.set(SHORT, IP + 8, (short) (64 << 8 | 17)); // time to live; UDP
        memory.set(INT, IP + 12, 0xc6120001); // 198.18.0.1
        memory.set(INT, IP + 16, 0xc6130000 | (flow & 0xffff)); // 198.19.x.y
        memory.set(SHORT, IP + 10, (short) ~fold(sum(IP, 20)));
    }

    private void udp(int length, int flow) {
        memory.set(SHORT, UDP, (short) (49152 + (flow & 0x3fff)));
        memory.set(SHORT, UDP + 2, (short) 9);
        memory.set(SHORT, UDP + 4, (short) length);
        setSequence(0);
        int checksum = ~fold(sum(IP + 12, 8) + 17 + length + sum(UDP, length)) & 0xffff;
        memory.set(SHORT, UDP + 6, (short) (checksum == 0 ? 0xffff : checksum)); // 0 means none
    }

    private long sum(int at, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            int value = memory.get(ValueLayout.JAVA_BYTE, at + i) & 0xff;
            sum += (i & 1) == 0 ? value << 8 : value;
        }
        return sum;
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (int) folded;
    }

    /** Gives it a number; the checksum holds for each. */
    void setSequence(long number) {
        memory.set(LONG, SEQUENCE, number);
        memory.set(LONG, SEQUENCE + 8, ~number);
    }

    /** Its bytes. */
    MemorySegment memory() {
        return memory;
    }
}
