package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DirtyLogTest {
    private static final long PAGE = DirtyLog.PAGE_BYTES;
    private static final long FILE = 3 * PAGE;

    @ParameterizedTest
    @ValueSource(longs = {0, 8, 1, 5, 4096, 4103, 8191})
    void shouldSetBitsFromItsOffsetOnWhenMarked(long offset) throws Exception {
        try (Fd fd = Memfd.create("log-bits", FILE);
                MemoryRegion file = MemoryRegion.map(fd.duplicate(), 0, 0, FILE, 0);
                DirtyLog log = DirtyLog.map(fd.duplicate(), 100, offset)) {
            assertTrue(log.mark(0, 1));
            assertTrue(log.mark(9 * PAGE + 4095, 2));
            assertTrue(log.mark(799 * PAGE, PAGE));
            assertTrue(log.mark(17 * PAGE, 0));

            BitSet expected = new BitSet();
            for (int bit : new int[] {0, 9, 10, 799}) {
                expected.set((int) offset * 8 + bit);
            }
            assertEquals(expected, bits(file.segment()));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0x8000, 1",
        "1, 0x7fff, 2",
        "1, 0, 0x8001",
        "1, -1, 1",
        "1, -4096, 4096",
        "1, -4096, 4097",
        "1, 0, 9223372036854775807",
        "1, 0, -1",
        "8, 0x40000, 1",
        "4096, 0x8000000, 1",
        "4096, 0x7ffffff, 2",
    })
    void shouldMarkNothingWhenRangeIsNotCovered(long size, String address, String length)
            throws Exception {
        try (Fd fd = Memfd.create("log-outside", FILE);
                MemoryRegion file = MemoryRegion.map(fd.duplicate(), 0, 0, FILE, 0);
                DirtyLog log = DirtyLog.map(fd.duplicate(), size, PAGE)) {
            assertFalse(log.mark(Long.decode(address), Long.decode(length)));
            assertFalse(log.covers(Long.decode(address), Long.decode(length)));

            assertEquals(new BitSet(), bits(file.segment()));
        }
    }

    @Test
    void shouldMarkTheSameAsBitByBitWhenRangesAreRandom() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            int size = 1 + random.nextInt(200);
            long offset = random.nextInt(100);
            try (Fd fd = Memfd.create("log-random", FILE);
                    MemoryRegion file = MemoryRegion.map(fd.duplicate(), 0, 0, FILE, 0);
                    DirtyLog log = DirtyLog.map(fd.duplicate(), size, offset)) {
                BitSet expected = new BitSet();
                for (int i = 0; i < 40; i++) {
                    long address = random.nextLong(size * 8L * PAGE + 3 * PAGE);
                    long length = random.nextLong(70 * PAGE);
                    long end = (address + length + PAGE - 1) / PAGE;
                    boolean covered = length == 0 || end <= size * 8L;
                    if (covered && length > 0) {
                        int first = (int) (offset * 8 + address / PAGE);
                        expected.set(first, (int) (offset * 8 + end));
                    }
                    assertEquals(covered, log.mark(address, length), "seed " + seed);
                }
                assertEquals(expected, bits(file.segment()), "seed " + seed);
            }
        }
    }

    @Test
    void shouldLoseNoBitWhenOthersTakeBitsOutAtTheSameTime() throws Exception {
        int pages = 64;
        try (Fd fd = Memfd.create("log-shared", PAGE);
                MemoryRegion memory = MemoryRegion.map(fd.duplicate(), 0, 0, PAGE, 0);
                DirtyLog log = DirtyLog.map(fd.duplicate(), 8, 0)) {
            int rounds = 20_000;
            int[] counts = new int[pages];
            Thread[] threads = new Thread[2];
            for (int t = 0; t < threads.length; t++) {
                int odd = t;
                threads[t] =
                        new Thread(
                                () -> {
                                    for (int i = 0; i < rounds; i++) {
                                        int page = (2 * i + odd) % pages;
                                        log.mark(page * PAGE, 1);
                                    }
                                });
                threads[t].start();
            }
            while (threads[0].isAlive() || threads[1].isAlive()) {
                take(memory.segment(), counts);
            }
            take(memory.segment(), counts);

            for (int page = 0; page < pages; page++) {
                assertTrue(counts[page] > 0, "page " + page + " was never seen");
            }
        }
    }

    private static void take(MemorySegment log, int[] counts) {
        long taken =
                (long) java.lang.foreign.ValueLayout.JAVA_LONG.varHandle().getAndSet(log, 0L, 0L);
        for (int page = 0; page < counts.length; page++) {
            counts[page] += (int) (taken >>> page & 1);
        }
    }

    @Test
    void shouldRefuseWithTextAndCloseWhenFileIsShorter() throws Exception {
        Fd fd = Memfd.create("log-short", PAGE);

        LinuxException e = assertThrows(LinuxException.class, () -> DirtyLog.map(fd, PAGE + 1, 0));

        assertEquals(Errno.EINVAL, e.errno());
        assertFalse(fd.isOpen());
    }

    @Test
    void shouldKeepItsSizeWhenFileCouldBeCut() throws Exception {
        try (Fd fd = Memfd.create("log-sealed", PAGE);
                DirtyLog log = DirtyLog.map(fd.duplicate(), 100, 8)) {
            assertThrows(LinuxException.class, () -> Memfd.truncate(fd, 0));

            assertEquals(100, log.sizeBytes());
            assertEquals(8, log.offsetBytes());
            assertFalse(log.poisoned());
        }
        assertEquals(List.of(), Leaks.mappings("memfd:log-sealed"));
    }

    private static BitSet bits(MemorySegment file) {
        return BitSet.valueOf(file.toArray(JAVA_BYTE));
    }
}
