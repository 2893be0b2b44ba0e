package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IotlbTest {
    private static final long PAGE = Iotlb.PAGE_BYTES;
    private static final long USER = 0x7f00_0000_0000L;
    private static final long GUEST = 0x4000_0000L;

    /** Pages of I/O virtual addresses that the model plays with, at an end of the address space. */
    private static final int SPACE = 48;

    private static final int STEPS = 4_000;

    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    @Test
    void shouldKeepOneEntryForTranslationsThatGoOn() throws Exception {
        Iotlb table = Iotlb.over(memory(4));
        table = table.with(0, PAGE, USER, Iotlb.READ_WRITE);
        table = table.with(2 * PAGE, PAGE, USER + 2 * PAGE, Iotlb.READ_WRITE);
        table = table.with(PAGE, PAGE, USER + PAGE, Iotlb.READ_WRITE);

        assertEquals(1, table.size());
        assertEquals(1, table.pieces(0, 3 * PAGE - 1).size());
    }

    @Test
    void shouldAllowTheAccessOfBothWhenAPageComesTwice() throws Exception {
        Iotlb table = Iotlb.over(memory(1)).with(PAGE, PAGE, USER, Iotlb.READ);

        Iotlb both = table.with(PAGE, PAGE, USER, Iotlb.WRITE);

        assertFalse(table.contradicts(PAGE, PAGE, USER));
        assertEquals(PAGE, table.firstMissing(PAGE, PAGE, Iotlb.WRITE));
        assertNull(both.firstMissing(PAGE, 2 * PAGE - 1, Iotlb.READ_WRITE));
    }

    @Test
    void shouldTakeTheNewAddressWhenAPageMoves() throws Exception {
        Iotlb table = Iotlb.over(memory(2)).with(PAGE, PAGE, USER, Iotlb.READ_WRITE);

        assertTrue(table.contradicts(PAGE, PAGE, USER + PAGE));
        GuestMemory memory = table.with(PAGE, PAGE, USER + PAGE, Iotlb.READ).memory(List.of());

        int region = memory.find(PAGE);
        assertEquals(GUEST + PAGE, memory.guestAddress(region, memory.offset(region, PAGE)));
        assertEquals(Iotlb.READ, memory.access(region));
    }

    @Test
    void shouldRefuseWhatDoesNotLieInTheMemoryTable() throws Exception {
        Iotlb table = Iotlb.over(memory(2));

        for (long[] bad :
                new long[][] {
                    {0, 0, USER},
                    {0, 3 * PAGE, USER},
                    {0, -PAGE, USER},
                    {-PAGE, 2 * PAGE, USER},
                    {0, PAGE, -PAGE},
                    {0, PAGE, USER - PAGE},
                    {0, Long.MIN_VALUE, USER},
                    {1, PAGE, USER},
                    {0, PAGE, 0}
                }) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> table.with(bad[0], bad[1], bad[2], Iotlb.READ_WRITE));
        }
    }

    @Test
    void shouldFindNothingForAnAccessThatIsNotAllowed() throws Exception {
        GuestMemory memory =
                Iotlb.over(memory(1)).with(0, PAGE, USER, Iotlb.READ).memory(List.of());

        assertNotNull(memory.sliceRing(0, PAGE, Iotlb.READ));
        assertNull(memory.sliceRing(0, PAGE, Iotlb.WRITE));
        assertNull(memory.sliceRing(0, PAGE + 1, Iotlb.READ));
    }

    @Test
    void shouldShowScatteredPagesSideBySideInAWindow() throws Exception {
        GuestMemory base = memory(4);
        Iotlb table = Iotlb.over(base);
        long iova = 8 * PAGE;
        long[] pages = {2, 0, 3};
        for (int i = 0; i < pages.length; i++) {
            table = table.with(iova + i * PAGE, PAGE, USER + pages[i] * PAGE, Iotlb.READ_WRITE);
        }
        long first = iova + 256;
        long bytes = 2 * PAGE + 512;
        MemoryWindow window =
                MemoryWindow.map(first, Iotlb.WRITE, table.pieces(first, first + bytes - 1));
        open.add(window);

        MemorySegment slice = table.memory(List.of(window)).sliceRing(first, bytes, Iotlb.WRITE);

        assertNotNull(slice);
        assertNull(table.memory(List.of()).sliceRing(first, bytes, Iotlb.WRITE));
        GuestMemory windowed = table.memory(List.of(window));
        for (long at = 0; at < bytes; at += 64) {
            slice.set(ValueLayout.JAVA_BYTE, at, (byte) (at / 64 + 1));
            long page = pages[(int) ((256 + at) / PAGE)];
            MemorySegment there = base.sliceUser(USER + page * PAGE + (256 + at) % PAGE, 1);
            assertNotNull(there);
            assertEquals((byte) (at / 64 + 1), there.get(ValueLayout.JAVA_BYTE, 0), "at " + at);
            assertEquals(
                    base.physicalAddress(there.address()),
                    windowed.physicalAddress(slice.address() + at));
        }
    }

    @Test
    void shouldDoAsANaiveModel() throws Exception {
        long seed = Leaks.seed();
        Random random = new Random(seed);
        for (long start : new long[] {0, -SPACE * PAGE, Long.MIN_VALUE - 8 * PAGE}) {
            GuestMemory memory = memory(SPACE);
            Iotlb table = Iotlb.over(memory);
            Model model = new Model(start);
            for (int step = 0; step < STEPS; step++) {
                int page = random.nextInt(SPACE);
                int pages = 1 + random.nextInt(Math.min(6, SPACE - page));
                int user = random.nextBoolean() ? page : random.nextInt(SPACE - pages + 1);
                int access = random.nextInt(4);
                if (random.nextInt(3) > 0) {
                    assertEquals(
                            model.contradicts(page, pages, user),
                            table.contradicts(
                                    start + page * PAGE, pages * PAGE, USER + user * PAGE),
                            "step " + step);
                    table =
                            table.with(
                                    start + page * PAGE, pages * PAGE, USER + user * PAGE, access);
                    model.with(page, pages, user, access);
                } else {
                    table = table.without(start + page * PAGE, start + (page + pages) * PAGE - 1);
                    model.without(page, pages);
                }
                model.compare(table, random, "seed " + seed + " step " + step);
            }
            table = table.rebased(GuestMemory.empty());
            assertEquals(0, table.size());
        }
    }

    /** By page: which user page it is, or -1, and what may be done. */
    private static final class Model {
        private final long start;
        private final int[] user = new int[SPACE];
        private final int[] access = new int[SPACE];

        Model(long start) {
            this.start = start;
            java.util.Arrays.fill(user, -1);
        }

        boolean contradicts(int page, int pages, int to) {
            for (int i = 0; i < pages; i++) {
                if (user[page + i] >= 0 && user[page + i] != to + i) {
                    return true;
                }
            }
            return false;
        }

        void with(int page, int pages, int to, int how) {
            for (int i = 0; i < pages; i++) {
                access[page + i] = user[page + i] == to + i ? access[page + i] | how : how;
                user[page + i] = to + i;
            }
        }

        void without(int page, int pages) {
            for (int i = 0; i < pages; i++) {
                user[page + i] = -1;
            }
        }

        void compare(Iotlb table, Random random, String when) {
            GuestMemory memory = table.memory(List.of());
            for (int page = 0; page < SPACE; page++) {
                long address = start + page * PAGE + random.nextLong(PAGE);
                int region = memory.find(address);
                assertEquals(user[page] >= 0, region >= 0, when + " page " + page);
                if (region >= 0) {
                    assertEquals(
                            GUEST + user[page] * PAGE + Math.floorMod(address, PAGE),
                            memory.guestAddress(region, memory.offset(region, address)),
                            when);
                    assertEquals(access[page], memory.access(region), when);
                }
            }
            int first = random.nextInt(SPACE);
            int last = first + random.nextInt(SPACE - first);
            int wanted = 1 + random.nextInt(3);
            assertEquals(
                    missing(first, last, wanted),
                    table.firstMissing(
                            start + first * PAGE, start + last * PAGE + PAGE - 1, wanted),
                    when);
        }

        private @Nullable Long missing(int first, int last, int wanted) {
            for (int page = first; page <= last; page++) {
                if (user[page] < 0 || (access[page] & wanted) != wanted) {
                    return start + page * PAGE;
                }
            }
            return null;
        }
    }

    private GuestMemory memory(int pages) throws LinuxException {
        long bytes = pages * PAGE;
        MemoryRegion region = MemoryRegion.map(Memfd.create("iotlb", bytes), GUEST, USER, bytes, 0);
        open.add(region);
        return GuestMemory.of(List.of(region));
    }
}
