package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BulkCopyTest {
    private static final long BYTES = 1 << 20;

    @Test
    void shouldCopyWhatTheJvmCopiesWhenLengthsAndPlacesAreRandom() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(BYTES);
            for (long at = 0; at < BYTES; at++) {
                from.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
            }
            MemorySegment expected = arena.allocate(BYTES);
            MemorySegment copied = arena.allocate(BYTES);
            for (int turn = 0; turn < 200; turn++) {
                long bytes = random.nextLong(turn % 2 == 0 ? 8192 : BYTES);
                long source = random.nextLong(BYTES - bytes);
                long target = random.nextLong(BYTES - bytes);
                MemorySegment.copy(from, source, expected, target, bytes);
                BulkCopy.copy(from, source, copied, target, bytes);
                assertEquals(-1, expected.mismatch(copied), "seed " + seed);
            }
        }
    }

    @Test
    void shouldRefuseWhenARangeLeavesItsSegment() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment small = arena.allocate(4096);
            MemorySegment large = arena.allocate(8192);
            for (long bytes : new long[] {16, 4096, 8192}) {
                assertRefused(large, 0, small, 4097 - bytes, bytes);
                assertRefused(small, 4097 - bytes, large, 0, bytes);
                assertRefused(small, Long.MAX_VALUE, large, 0, bytes);
            }
        }
    }

    @Test
    void shouldRefuseWhenASegmentIsClosed() {
        Arena ended = Arena.ofShared();
        MemorySegment closed = ended.allocate(4096);
        ended.close();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment open = arena.allocate(4096);
            for (long bytes : new long[] {16, 4096}) {
                assertThrows(
                        IllegalStateException.class,
                        () -> BulkCopy.copy(open, 0, closed, 0, bytes));
                assertThrows(
                        IllegalStateException.class,
                        () -> BulkCopy.copy(closed, 0, open, 0, bytes));
            }
        }
    }

    private static void assertRefused(
            MemorySegment from, long fromOffset, MemorySegment to, long toOffset, long bytes) {
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> BulkCopy.copy(from, fromOffset, to, toOffset, bytes));
    }
}
