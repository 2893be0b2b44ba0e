package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way in which a frame can differ from what was sent shows. */
final class FramePatternTest {
    private static final int OFFSET = 3;
    private final FramePattern pattern = new FramePattern(7);

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
        assertEquals(FramePattern.ALTERED, new FramePattern(8).verify(frame(64, 5), OFFSET, 64));
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
}
