package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryRegionTest {
    private static final long PAGE = 4096;

    @TempDir private Path directory;

    @Test
    void shouldShareMemoryWithFileWhenMappedAtOffset() throws Exception {
        try (Fd fd = Memfd.create("at-offset", 4 * PAGE);
                MemoryRegion whole = MemoryRegion.map(fd.duplicate(), 0, 0, 4 * PAGE, 0);
                MemoryRegion part = MemoryRegion.map(fd.duplicate(), PAGE, 0, 2 * PAGE, PAGE)) {
            part.segment().set(JAVA_INT, 8, 42);

            assertEquals(42, whole.segment().get(JAVA_INT, PAGE + 8));
            assertEquals(2 * PAGE, part.segment().byteSize());
            assertEquals(part.hostAddress(), part.segment().address());
            assertFalse(part.poisoned());
            assertTrue(part.toString().contains("0x1000"), part.toString());
        }
    }

    @Test
    void shouldMapRegionThatStartsWithinHugePageWhenFileIsOfHugePages() throws Exception {
        long huge = 2 << 20;
        try (Fd fd = Memfd.createHuge("huge-part", 3 * huge, huge)) {
            MemoryRegion region =
                    MemoryRegion.map(fd.duplicate(), 0x3000, 0x3000, huge, huge + 0x3000);
            List<String> mapped = Leaks.mappings("memfd:huge-part");

            assertEquals(huge + 0x3000, region.mmapOffset());
            assertEquals(0x3000, region.hostAddress() % huge);
            region.close();

            assertEquals(1, mapped.size());
            assertEquals(List.of(), Leaks.mappings("memfd:huge-part"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        // guest, user, size, offset
        "0, 0, 0, 0",
        "0, 0, -1, 0",
        "0, 0, 4097, 4096",
        "0, 0, 4096, 8192",
        "0, 0, 8193, 0",
        "0, 0, 4096, -4096",
        "0, 0, 9223372036854771712, 9223372036854771712",
        "-4096, 0, 8192, 0",
        "0, -4096, 8192, 0",
        "0, 8, 4096, 0",
        "8, 8, 4096, 0",
        "0, 0, 4096, 8",
    })
    void shouldRefuseWithTextAndCloseWhenRegionCannotBe(
            long guest, long user, long size, long offset) throws Exception {
        Fd fd = Memfd.create("refused", 2 * PAGE);

        LinuxException e =
                assertThrows(
                        LinuxException.class,
                        () -> MemoryRegion.map(fd, guest, user, size, offset));

        assertEquals(Errno.EINVAL, e.errno());
        assertTrue(e.getMessage().contains("(EINVAL): "), e.getMessage());
        assertFalse(fd.isOpen());
        assertEquals(List.of(), Leaks.mappings("memfd:refused"));
    }

    @Test
    void shouldMapWhenRegionEndsExactlyAtTheEnd() throws Exception {
        try (MemoryRegion region =
                MemoryRegion.map(Memfd.create("top", 2 * PAGE), -PAGE, -PAGE, PAGE, PAGE)) {
            GuestMemory memory = GuestMemory.of(List.of(region));

            assertEquals(0, memory.find(-1));
            assertEquals(1, memory.available(0, -1));
            assertEquals(-1, memory.find(0));
            assertEquals(-1, memory.find(-PAGE - 1));
        }
    }

    @Test
    void shouldSealAgainstShrinkingWhenFileAllowsIt() throws Exception {
        try (Fd fd = Memfd.create("sealed", PAGE)) {
            MemoryRegion.map(fd.duplicate(), 0, 0, PAGE, 0).close();

            assertEquals(Memfd.F_SEAL_SHRINK, Memfd.seals(fd));
        }
    }

    @Test
    void shouldMapWhenFileIsRegularAndUnsealable() throws Exception {
        Path file = directory.resolve("memory-file");
        Files.write(file, new byte[10_000]);
        HostFile host = HostFile.open(file, false, false);
        int number = Libc.fcntl(host.fd(), Libc.F_DUPFD_CLOEXEC, 0);
        try (host;
                MemoryRegion region = MemoryRegion.map(Fd.adopt(number), 0, 0, 10_000, 0)) {
            region.segment().set(JAVA_INT, 9_996, 1);

            assertEquals(1, Files.readAllBytes(file)[9_996]);
        }
    }

    @Test
    void shouldRefuseWhenFileIsNoMemory() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        LinuxException e =
                assertThrows(
                        LinuxException.class, () -> MemoryRegion.map(pair[0].fd(), 0, 0, PAGE, 0));
        pair[1].close();

        assertEquals(Errno.EINVAL, e.errno());
        assertFalse(pair[0].fd().isOpen());
    }

    @Test
    void shouldUnmapAndEndSegmentWhenClosed() throws Exception {
        long descriptors = Leaks.descriptors();
        MemoryRegion region = MemoryRegion.map(Memfd.create("closing", PAGE), 0, 0, PAGE, 0);
        assertEquals(1, Leaks.mappings("memfd:closing").size());
        assertEquals(descriptors + 1, Leaks.descriptors());
        assertTrue(region.fd().isOpen());

        region.close();
        region.close();

        assertEquals(List.of(), Leaks.mappings("memfd:closing"));
        assertEquals(descriptors, Leaks.descriptors());
        assertThrows(IllegalStateException.class, () -> region.segment().get(JAVA_INT, 0));
        assertFalse(region.poisoned());
    }

    @Test
    void shouldKeepGuestMemoryOutOfCoreDumpsWhenMapped() throws Exception {
        try (MemoryRegion region =
                MemoryRegion.map(Memfd.create("undumped", PAGE), 0, 0, PAGE, 0)) {
            List<String> maps = Files.readAllLines(Path.of("/proc/self/smaps"));
            int at = 0;
            while (!maps.get(at).contains("memfd:undumped")) {
                at++;
            }
            while (!maps.get(at).startsWith("VmFlags:")) {
                at++;
            }
            assertTrue(maps.get(at).contains(" dd"), maps.get(at) + region);
        }
    }
}
