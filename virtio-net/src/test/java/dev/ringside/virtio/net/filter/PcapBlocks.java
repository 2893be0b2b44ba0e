package dev.ringside.virtio.net.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Reads pcapng as the draft describes it; knows nothing of how it was written. */
final class PcapBlocks {
    /** A packet's block. */
    @SuppressWarnings("ArrayRecordComponent") // compared by content, never by equals
    record Packet(long timeNs, int frameBytes, byte[] bytes, int direction) {}

    private final List<Packet> packets = new ArrayList<>();
    private int sections;
    private long received = -1;
    private long dropped = -1;

    /** Reads whole blocks only. */
    static PcapBlocks read(byte[] file) {
        PcapBlocks blocks = new PcapBlocks();
        ByteBuffer all = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        while (all.hasRemaining()) {
            int type = all.getInt();
            int length = all.getInt();
            assertTrue(length % 4 == 0 && length >= 12 && length - 8 <= all.remaining());
            ByteBuffer body = all.slice(all.position(), length - 12).order(ByteOrder.LITTLE_ENDIAN);
            all.position(all.position() + length - 12);
            assertEquals(length, all.getInt());
            blocks.block(type, body);
        }
        return blocks;
    }

    private void block(int type, ByteBuffer body) {
        switch (type) {
            case 0x0a0d0d0a -> {
                assertEquals(0x1a2b3c4d, body.getInt(0));
                sections++;
            }
            case 1 -> assertEquals(1, body.getShort(0));
            case 5 -> {
                received = option(body, 12, 4).getLong();
                dropped = option(body, 12, 5).getLong();
            }
            case 6 -> packet(body);
            default -> throw new AssertionError("block " + type);
        }
    }

    private void packet(ByteBuffer body) {
        assertEquals(0, body.getInt(0));
        long time = (long) body.getInt(4) << 32 | Integer.toUnsignedLong(body.getInt(8));
        byte[] bytes = new byte[body.getInt(12)];
        body.get(20, bytes);
        int options = 20 + (bytes.length + 3) / 4 * 4;
        int flags = option(body, options, 2).getInt();
        packets.add(new Packet(time, body.getInt(16), bytes, flags & 3));
    }

    private static ByteBuffer option(ByteBuffer body, int from, int code) {
        int at = from;
        while (body.getShort(at) != code) {
            assertTrue(body.getShort(at) != 0, "no option " + code);
            at += 4 + (body.getShort(at + 2) + 3) / 4 * 4;
        }
        return body.slice(at + 4, body.getShort(at + 2)).order(ByteOrder.LITTLE_ENDIAN);
    }

    List<Packet> packets() {
        return packets;
    }

    int sections() {
        return sections;
    }

    long received() {
        return received;
    }

    long dropped() {
        return dropped;
    }
}
