package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeadedCopiesTest {
    private static final int BYTES = 64 << 10;
    private static final long HEAD = 0x0102030405060708L;
    private static final int HEAD_END = 0x090a0b0c;

    private final Random random = new Random(1);
    private final HeadedCopies copies = new HeadedCopies(8);

    private MemorySegment noise(Arena arena) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return arena.allocate(BYTES).copyFrom(MemorySegment.ofArray(bytes));
    }

    private static byte[] bytes(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_BYTE);
    }

    private static Ranges ranges(MemorySegment in, long... offsetsAndLengths) {
        Ranges ranges = new Ranges(offsetsAndLengths.length / 2);
        ranges.begin(in);
        for (int i = 0; i < ranges.room(); i++) {
            ranges.set(i, offsetsAndLengths[2 * i], (int) offsetsAndLengths[2 * i + 1]);
        }
        ranges.setCount(ranges.room());
        return ranges;
    }

    @Test
    void shouldWriteHeadAndBytesAndNothingElseWhateverTheLength() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = noise(arena);
            MemorySegment to = noise(arena);
            ByteBuffer expected = ByteBuffer.wrap(bytes(to)).order(ByteOrder.nativeOrder());
            for (int length = 0; length <= HeadedCopies.MOST_BYTES; length += 1 + length / 300) {
                int target = random.nextInt(BYTES - length - HeadedCopies.HEAD_BYTES);
                int source = random.nextInt(BYTES - length);

                copies.run(HEAD, HEAD_END, ranges(to, target, 0), ranges(from, source, length), 1);

                expected.putLong(target, HEAD).putInt(target + 8, HEAD_END);
                expected.put(target + 12, bytes(from), source, length);
                assertArrayEquals(expected.array(), bytes(to), "length " + length);
            }
        }
    }

    @Test
    void shouldCopyEachOfMany() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = noise(arena);
            MemorySegment to = noise(arena);
            ByteBuffer expected = ByteBuffer.wrap(bytes(to)).order(ByteOrder.nativeOrder());
            int[] lengths = {15, 16, 17, 256, 257, 2000, 0, 4096};
            Ranges targets = new Ranges(8);
            Ranges sources = new Ranges(9);
            targets.begin(to);
            sources.begin(from);
            for (int i = 0; i < lengths.length; i++) {
                targets.set(i, 5000L * i, 1);
                sources.set(i, 4999L * i + 3, lengths[i]);
                expected.putLong(5000 * i, HEAD).putInt(5000 * i + 8, HEAD_END);
                expected.put(5000 * i + 12, bytes(from), 4999 * i + 3, lengths[i]);
            }

            copies.run(HEAD, HEAD_END, targets, sources, lengths.length);
            copies.run(HEAD, HEAD_END, targets, sources, 0);

            assertArrayEquals(expected.array(), bytes(to));
        }
    }

    @Test
    void shouldWriteNothingWhenAnyRangeIsOutside() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = noise(arena);
            MemorySegment to = noise(arena);
            byte[] before = bytes(to);
            long[][] bad = {
                {-1, 0, 64}, {BYTES - 75, 0, 64}, {Long.MAX_VALUE, 0, 64}, {0, -1, 64},
                {0, BYTES - 63, 64}, {0, Long.MAX_VALUE, 64}, {0, 0, -1}, {BYTES - 11, 0, 0},
            };
            for (long[] b : bad) {
                Ranges targets = ranges(to, 0, 0, b[0], 0);
                Ranges sources = ranges(from, 0, 64, b[1], b[2]);
                assertThrows(
                        IndexOutOfBoundsException.class,
                        () -> copies.run(HEAD, HEAD_END, targets, sources, 2));
            }
            Ranges good = ranges(to, 0, 0);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> copies.run(HEAD, HEAD_END, good, ranges(from, 0, 4097), 1));
            Ranges many = ranges(to, new long[18]);
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> copies.run(HEAD, HEAD_END, many, ranges(from, new long[18]), 9));
            Ranges array = ranges(MemorySegment.ofArray(new byte[100]), 0, 64);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> copies.run(HEAD, HEAD_END, good, array, 1));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> copies.run(HEAD, HEAD_END, array, ranges(from, 0, 64), 1));
            assertArrayEquals(before, bytes(to));
        }
    }

    @Test
    void shouldRefuseClosedMemory() {
        Arena gone = Arena.ofShared();
        Ranges closed = ranges(gone.allocate(100), 0, 64);
        gone.close();
        try (Arena arena = Arena.ofConfined()) {
            Ranges open = ranges(arena.allocate(100), 0, 64);
            assertThrows(
                    IllegalStateException.class, () -> copies.run(HEAD, HEAD_END, open, closed, 1));
            assertThrows(
                    IllegalStateException.class, () -> copies.run(HEAD, HEAD_END, closed, open, 1));
        }
    }
}
