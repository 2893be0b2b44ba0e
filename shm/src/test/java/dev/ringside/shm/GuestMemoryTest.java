package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {
    private static final long PAGE = 4096;

    private final List<MemoryRegion> open = new ArrayList<>();

    @AfterEach
    void close() {
        open.forEach(MemoryRegion::close);
    }

    @Test
    void shouldMapNothingWhenEmpty() {
        GuestMemory memory = GuestMemory.empty();

        assertSame(memory, GuestMemory.of(List.of()));
        assertEquals(-1, memory.find(0));
        assertNull(memory.sliceGuest(0, 0));
        assertNull(memory.sliceUser(0, 1));
        assertFalse(memory.poisoned());
    }

    @Test
    void shouldSliceOnlyWithinOneRegionWhenRegionsTouch() throws Exception {
        GuestMemory memory =
                GuestMemory.of(List.of(region(PAGE, 0x7000, PAGE), region(0, 0x9000, PAGE)));

        assertNotNull(memory.sliceGuest(0, PAGE));
        assertNull(memory.sliceGuest(0, PAGE + 1));
        assertNull(memory.sliceGuest(PAGE - 1, 2));
        assertNull(memory.sliceGuest(0, -1));
        assertNull(memory.sliceGuest(1, Long.MAX_VALUE));
        assertNull(memory.sliceGuest(2 * PAGE, 1));
        MemorySegment slice = memory.sliceUser(0x7ffe, 2);
        assertNotNull(slice);
        assertEquals(memory.hostAddress(1, PAGE) + 0xffe, slice.address());
        assertNull(memory.sliceUser(0x7ffe, 3));
        assertNull(memory.sliceUser(0x8000, 1));
        assertNull(memory.sliceUser(0x7000, -1));
    }

    @Test
    void shouldNameBothRegionsWhenTheyOverlap() throws Exception {
        MemoryRegion low = region(0, 0x100000, 2 * PAGE);
        MemoryRegion sameGuest = region(PAGE, 0x200000, PAGE);
        MemoryRegion sameUser = region(0x10000, 0x101000, PAGE);

        IllegalArgumentException guest =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> GuestMemory.of(List.of(sameGuest, low)));
        IllegalArgumentException user =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> GuestMemory.of(List.of(sameUser, low)));

        assertTrue(
                String.valueOf(guest.getMessage()).contains("guest addresses: " + low + " and "));
        assertTrue(String.valueOf(user.getMessage()).endsWith(low + " and " + sameUser));
    }

    @Test
    void shouldAgreeWithNaiveModelWhenAddressesAreRandom() throws Exception {
        Random random = new Random(Leaks.seed());
        for (int round = 0; round < 24; round++) {
            int count = round % 12 == 0 ? 509 : 1 + random.nextInt(12);
            List<MemoryRegion> regions = randomRegions(random, count);
            GuestMemory memory = GuestMemory.of(regions);
            for (int probe = 0; probe < 400; probe++) {
                MemoryRegion near = regions.get(random.nextInt(regions.size()));
                check(memory, regions, address(random, near.guestAddress(), near.sizeBytes()));
                checkUser(memory, regions, address(random, near.userAddress(), near.sizeBytes()));
            }
            close();
            open.clear();
        }
    }

    /** Mostly at the edges of a region, or anywhere, or at the edges of the address space. */
    private static long address(Random random, long start, long size) {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextLong();
            case 1 -> -1 - random.nextInt(3);
            case 2 -> random.nextInt(3);
            case 3 -> start + size - 2 + random.nextInt(4);
            case 4 -> start - 2 + random.nextInt(4);
            default -> start + random.nextLong(size);
        };
    }

    private static void check(GuestMemory memory, List<MemoryRegion> regions, long address) {
        MemoryRegion expected = null;
        for (MemoryRegion r : regions) {
            if (contains(r.guestAddress(), r.sizeBytes(), address)) {
                expected = r;
            }
        }
        int found = memory.find(address);
        String at = "guest 0x" + Long.toHexString(address);
        if (expected == null) {
            assertEquals(-1, found, at);
            assertNull(memory.sliceGuest(address, 1), at);
            return;
        }
        assertSame(expected, memory.regions().get(found), at);
        long offset = address - expected.guestAddress();
        long rest = expected.sizeBytes() - offset;
        assertEquals(rest, memory.available(found, address), at);
        assertEquals(offset, memory.offset(found, address), at);
        assertSame(expected.segment(), memory.segment(found), at);
        assertEquals(expected.hostAddress() + offset, memory.hostAddress(found, address), at);
        MemorySegment all = memory.sliceGuest(address, rest);
        assertNotNull(all, at);
        assertEquals(expected.hostAddress() + offset, all.address(), at);
        assertNull(memory.sliceGuest(address, rest + 1), at);
        assertNull(memory.sliceGuest(address, Long.MAX_VALUE), at);
        assertNull(memory.sliceGuest(address, -rest), at);
    }

    private static void checkUser(GuestMemory memory, List<MemoryRegion> regions, long address) {
        MemoryRegion expected = null;
        for (MemoryRegion r : regions) {
            if (contains(r.userAddress(), r.sizeBytes(), address)) {
                expected = r;
            }
        }
        MemorySegment slice = memory.sliceUser(address, 1);
        String at = "user 0x" + Long.toHexString(address);
        if (expected == null) {
            assertNull(slice, at);
        } else {
            assertNotNull(slice, at);
            assertEquals(
                    expected.hostAddress() + (address - expected.userAddress()),
                    slice.address(),
                    at);
        }
    }

    /** In exact arithmetic, so that nothing wraps. */
    private static boolean contains(long start, long size, long address) {
        BigInteger first = unsigned(start);
        BigInteger a = unsigned(address);
        return a.compareTo(first) >= 0 && a.compareTo(first.add(BigInteger.valueOf(size))) < 0;
    }

    private static BigInteger unsigned(long value) {
        return new BigInteger(Long.toUnsignedString(value));
    }

    /** Regions of 1 to 3 pages, many adjacent, some at the very ends of the address space. */
    private List<MemoryRegion> randomRegions(Random random, int count) throws LinuxException {
        TreeSet<Long> slots = new TreeSet<>();
        long top = Long.divideUnsigned(-1, 4 * PAGE);
        while (slots.size() < count) {
            slots.add(
                    switch (random.nextInt(3)) {
                        case 0 -> random.nextLong(2L * count);
                        case 1 -> top - random.nextLong(2L * count);
                        default -> random.nextLong(top);
                    });
        }
        List<MemoryRegion> regions = new ArrayList<>();
        for (long slot : slots) {
            // Four pages each: those of four touch the next slot's, the last one ends at 2^64.
            long pages = 1L + random.nextInt(4);
            long guest = slot * 4 * PAGE;
            regions.add(region(guest, ~guest & -(4 * PAGE), pages * PAGE));
        }
        Collections.shuffle(regions, random);
        return regions;
    }

    private MemoryRegion region(long guest, long user, long size) throws LinuxException {
        MemoryRegion region = MemoryRegion.map(Memfd.create("guest", size), guest, user, size, 0);
        open.add(region);
        return region;
    }
}
