package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

    /** So that nobody has to know where a descriptor came from. */
    @Test
    void shouldLeaveClosingToTheKeeperOfWhatAPeerGave() throws Exception {
        List<Integer> opened = new ArrayList<>();
        List<Integer> given = new ArrayList<>();
        FdKeeper keeper =
                new FdKeeper() {
                    @Override
                    public void opened() {
                        opened.add(opened.size());
                    }

                    @Override
                    public void close(int number) {
                        given.add(number);
                    }
                };
        UnixSocket[] pair = UnixSocket.pair();
        pair[1].keepBy(keeper);
        ReceivedFds received = new ReceivedFds();
        try (Fd memory = Memfd.create("given", 1);
                Arena arena = Arena.ofConfined()) {
            pair[0].send(arena.allocate(1), List.of(memory, memory));
            pair[1].receive(arena.allocate(1), received);
            Fd taken = received.take(0);
            Fd duplicate = taken.duplicate();
            assertThrows(IllegalStateException.class, taken::release);
            final int socket = pair[1].fd().number();
            final List<Integer> numbers = List.of(taken.number(), duplicate.number());
            taken.close();
            taken.close();
            duplicate.close();
            received.close();
            pair[1].close();

            assertEquals(4, opened.size(), "the socket, two that came, a duplicate");
            assertEquals(numbers, given.subList(0, 2));
            assertEquals(4, given.size());
            assertEquals(socket, given.getLast());
            assertTrue(Libc.fcntl(socket, Libc.F_GETFL, 0) >= 0, "it is not closed yet");
        }
        given.forEach(FdKeeper.AT_ONCE::close);
        pair[0].close();
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
