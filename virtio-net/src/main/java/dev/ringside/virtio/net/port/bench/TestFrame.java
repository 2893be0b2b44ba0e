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

    /** How many copies there are of a small frame. */
    static final int MAX_COPIES = 64;

    /** Of longer frames there is one copy: they cost what copying them costs, and no more. */
    private static final int SMALL_BYTES = 256;

    private final int bytes;
    private final int copies;
    private final MemorySegment memory;

    /**
     * A frame with sequence number 0.
     *
     * @param bytes its length without FCS
     * @param flow tells frames of several queues apart: part of source address and port
     */
    TestFrame(int bytes, int flow) {
        this.bytes = bytes;
        copies = bytes <= SMALL_BYTES ? MAX_COPIES : 1;
        memory = Arena.ofAuto().allocate((long) bytes * copies, 64);
        ethernet(flow);
        ip(bytes - IP, flow);
        udp(bytes - UDP, flow);
        for (int i = 1; i < copies; i++) {
            MemorySegment.copy(memory, 0, memory, (long) i * bytes, bytes);
        }
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
        setSequences(0, 1);
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

    /** Numbers the first copies from a number on; the checksum holds for each. */
    void setSequences(long first, int count) {
        for (int i = 0; i < count; i++) {
            long at = (long) i * bytes + SEQUENCE;
            memory.set(LONG, at, first + i);
            memory.set(LONG, at + Long.BYTES, ~(first + i));
        }
    }

    /** Length of a copy. */
    int bytes() {
        return bytes;
    }

    /** How many copies there are, one behind the other. */
    int copies() {
        return copies;
    }

    /** Their bytes. */
    MemorySegment memory() {
        return memory;
    }
}
