package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** The header's bytes against the structure in virtio 1.3 section 5.1.6. */
final class NetHeaderTest {
    private static final NetHeader HEADER =
            new NetHeader(0x81, 0x82, 0x8384, 0x8586, 0x8788, 0x898a, 0x8b8c, 0x8d8e8f90L, 0x9192);
    private static final byte[] BYTES = new byte[20];

    static {
        final int[] bytes = {
            0x81, 0x82, 0x84, 0x83, 0x86, 0x85, 0x88, 0x87, 0x8a, 0x89, 0x8c, 0x8b, 0x90, 0x8f,
            0x8e, 0x8d, 0x92, 0x91, 0, 0
        };
        for (int i = 0; i < bytes.length; i++) {
            BYTES[i] = (byte) bytes[i];
        }
    }

    @Test
    void shouldWriteLittleEndianFields() {
        assertArrayEquals(BYTES, HEADER.bytes(20));
        assertEquals(10, HEADER.bytes(10).length);
        assertEquals(30, HEADER.bytes(30).length);
    }

    @Test
    void shouldReadWhatItWrote() {
        assertEquals(HEADER, NetHeader.of(BYTES, 20));
        assertEquals(0, NetHeader.of(BYTES, 10).numBuffers());
        assertEquals(0x8b8c, NetHeader.of(BYTES, 12).numBuffers());
        assertEquals(0, NetHeader.of(BYTES, 12).hashValue());
    }
}
