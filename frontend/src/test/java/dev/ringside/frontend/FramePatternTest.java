package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way in which a frame can differ from what was sent shows. */
final class FramePatternTest {
    private static final int OFFSET = 3;
    private final FramePattern pattern = new FramePattern(7, 0);

    private MemorySegment frame(final int length, final long sequence) {
        final MemorySegment memory = MemorySegment.ofArray(new byte[OFFSET + length + 16]);
        pattern.write(memory, OFFSET, length, sequence);
        return memory;
    }

    @ParameterizedTest
    @ValueSource(ints = {30, 31, 37, 38, 64, 1514, 65_550})
    void shouldKnowItsFrame(final int length) {
        assertEquals(1L << 40, pattern.verify(frame(length, 1L << 40), OFFSET, length));
    }

    @ParameterizedTest
    @ValueSource(ints = {30, 37, 64})
    void shouldNoticeEveryBitThatChanged(final int length) {
        for (int bit = 0; bit < 8 * length; bit++) {
            final MemorySegment memory = frame(length, 5);
            final long at = (long) OFFSET + bit / 8;
            memory.set(
                    ValueLayout.JAVA_BYTE,
                    at,
                    (byte) (memory.get(ValueLayout.JAVA_BYTE, at) ^ (1 << (bit % 8))));
            assertEquals(
                    FramePattern.ALTERED, pattern.verify(memory, OFFSET, length), "bit " + bit);
        }
    }

    @Test
    void shouldNoticeLengthThatChanged() {
        assertEquals(FramePattern.ALTERED, pattern.verify(frame(64, 5), OFFSET, 63));
        assertEquals(FramePattern.ALTERED, pattern.verify(frame(64, 5), OFFSET, 65));
        assertEquals(FramePattern.ALTERED, pattern.verify(frame(64, 5), OFFSET, 12));
    }

    @Test
    void shouldNoticeFrameOfAnotherLoad() {
        assertEquals(FramePattern.ALTERED, new FramePattern(8, 0).verify(frame(64, 5), OFFSET, 64));
    }

    @Test
    void shouldNoticeWordsThatChangedPlaces() {
        final MemorySegment memory = frame(64, 5);
        final long first = memory.get(ValueLayout.JAVA_LONG_UNALIGNED, OFFSET + 30);
        final long second = memory.get(ValueLayout.JAVA_LONG_UNALIGNED, OFFSET + 38);
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, OFFSET + 30, second);
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, OFFSET + 38, first);
        assertEquals(FramePattern.ALTERED, pattern.verify(memory, OFFSET, 64));
    }

    @Test
    void shouldNoticeEveryBitOfAFlowsHeader() {
        final FramePattern flows = new FramePattern(7, 1_000);
        for (int bit = 0; bit < 8 * 64; bit++) {
            final MemorySegment memory = MemorySegment.ofArray(new byte[64]);
            flows.write(memory, 0, 64, 12_345);
            assertEquals(12_345, flows.verify(memory, 0, 64));
            final byte was = memory.get(ValueLayout.JAVA_BYTE, bit / 8);
            memory.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (was ^ 1 << bit % 8));
            assertEquals(FramePattern.ALTERED, flows.verify(memory, 0, 64), "bit " + bit);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {58, 64, 1514})
    void shouldWriteWhatAnIpStackTakes(final int length) {
        final FrameHeader header = new FrameHeader(65_536);
        final Set<Integer> senders = new HashSet<>();
        for (int number = 0; number < 300; number++) {
            final MemorySegment memory = MemorySegment.ofArray(new byte[length]);
            header.write(memory, 0, length, number * 7L);
            final ByteBuffer frame = memory.asByteBuffer();
            assertEquals(0x0800, frame.getShort(12));
            assertEquals(length - 14, frame.getShort(16));
            int sum = 0;
            for (int at = 14; at < 34; at += 2) {
                sum += frame.getShort(at) & 0xffff;
            }
            assertEquals(0xffff, (sum & 0xffff) + (sum >>> 16), "RFC 1071");
            assertEquals(17, frame.get(23));
            assertEquals(length - 34, frame.getShort(38));
            assertTrue(senders.add(frame.getInt(26)));
        }
    }
}
