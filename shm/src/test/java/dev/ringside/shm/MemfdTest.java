package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class MemfdTest {
    @Test
    void shouldHaveSizeAndSealsWhenCreated() throws Exception {
        try (Fd fd = Memfd.create("sized", 12345)) {
            assertEquals(12345, Statx.of(fd).sizeBytes());
            assertEquals(0, Memfd.seals(fd));

            Memfd.seal(fd, Memfd.F_SEAL_SHRINK);

            assertEquals(Memfd.F_SEAL_SHRINK, Memfd.seals(fd));
            Memfd.truncate(fd, 20000);
            LinuxException e = assertThrows(LinuxException.class, () -> Memfd.truncate(fd, 1));
            assertEquals(Errno.EPERM, e.errno());
        }
    }

    @Test
    void shouldBeOfHugePagesWhenAskedFor() throws Exception {
        long page = 2 << 20;
        try (Fd fd = Memfd.createHuge("huge", 2 * page, page)) {
            assertEquals(page, Statx.of(fd).blockSizeBytes());
            assertEquals(2 * page, Statx.of(fd).sizeBytes());
        }
        assertThrows(IllegalArgumentException.class, () -> Memfd.createHuge("odd", page, 3 << 20));
    }

    @Test
    void shouldLeakNothingWhenSizeIsRefused() throws Exception {
        long before = Leaks.descriptors();

        assertThrows(LinuxException.class, () -> Memfd.create("negative", -1));

        assertEquals(before, Leaks.descriptors());
    }
}
