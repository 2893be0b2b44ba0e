package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FdTest {
    @Test
    void shouldCloseOnceWhenClosedTwice() throws Exception {
        Fd fd = Memfd.create("once", 1);
        int number = fd.number();
        fd.close();
        // Whoever opens next gets the lowest free number: the same.
        try (Fd next = Memfd.create("next", 1)) {
            assertEquals(number, next.number());

            fd.close();

            assertTrue(Libc.fcntl(number, Libc.F_GETFL, 0) >= 0, "closed another's descriptor");
        }
        assertFalse(fd.isOpen());
        assertThrows(IllegalStateException.class, fd::number);
        assertThrows(IllegalStateException.class, fd::release);
    }

    @Test
    void shouldHandOverDutyWhenReleased() throws Exception {
        Fd fd = Memfd.create("release", 1);

        int number = fd.release();
        fd.close();

        assertTrue(Libc.fcntl(number, Libc.F_GETFL, 0) >= 0);
        Fd.adopt(number).close();
        assertEquals(-Errno.EBADF, Libc.fcntl(number, Libc.F_GETFL, 0));
    }

    @Test
    void shouldNotBeInheritedWhenDuplicated() throws Exception {
        try (Fd fd = Memfd.create("duplicate", 1);
                Fd duplicate = fd.duplicate()) {
            assertNotEquals(fd.number(), duplicate.number());
            assertEquals(Libc.FD_CLOEXEC, Libc.fcntl(duplicate.number(), 1, 0));
        }
    }

    @Test
    void shouldRefuseWhenNumberIsNegative() {
        assertThrows(IllegalArgumentException.class, () -> Fd.adopt(-1));
    }

    @Test
    void shouldNameCallErrorAndHintWhenCallFails() {
        LinuxException e =
                assertThrows(
                        LinuxException.class,
                        () -> HostFile.open(Path.of("/nowhere/x"), true, false));

        assertEquals("open /nowhere/x: No such file or directory (ENOENT)", e.getMessage());
        assertEquals(Errno.ENOENT, e.errno());
        assertEquals("open /nowhere/x", e.call());
        assertEquals(
                "a: Input/output error (EIO): b", new LinuxException("a", 5, "b").getMessage());
        assertEquals("errno 4242", Errno.name(4242));
        assertEquals("Unknown error", Errno.text(-1));
    }
}
