package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FdPassingTest {
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment bytes = arena.allocate(4096);
    private final ReceivedFds fds = new ReceivedFds();
    private long descriptorsBefore;
    private UnixSocket[] pair = new UnixSocket[0];

    @BeforeEach
    void open() throws Exception {
        EventFd.create().close();
        descriptorsBefore = Leaks.descriptors();
        pair = UnixSocket.pair();
    }

    @AfterEach
    void shouldHoldAsManyDescriptorsAsBefore() throws Exception {
        for (UnixSocket socket : pair) {
            socket.close();
        }
        fds.close();
        arena.close();
        assertEquals(descriptorsBefore, Leaks.descriptors());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 16, 253})
    void shouldPassDescriptorsWithFirstByteWhenSent(int count) throws Exception {
        List<EventFd> events = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            events.add(EventFd.create());
        }
        bytes.set(ValueLayout.JAVA_INT, 0, 42);
        assertEquals(12, pair[0].send(bytes.asSlice(0, 12), fdsOf(events)));

        assertEquals(5, pair[1].receive(bytes.asSlice(0, 5), fds));

        assertEquals(count, fds.count());
        assertEquals(7, pair[1].receive(bytes, fds));
        assertEquals(count, fds.count());
        for (int i = 0; i < count; i++) {
            Fd fd = fds.take(i);
            assertEquals(Libc.FD_CLOEXEC, Libc.fcntl(fd.number(), 1, 0));
            try (EventFd received = EventFd.adopt(fd)) {
                received.signal();
            }
            assertEquals(1, events.get(i).drain(), "order of descriptors");
            events.get(i).close();
        }
    }

    @Test
    void shouldCloseAllWhenControlDataIsTruncated() throws Exception {
        UnixSocket[] narrow = UnixSocket.pair(4);
        try (Fd fd = Memfd.create("many", 1);
                UnixSocket sender = narrow[0];
                UnixSocket receiver = narrow[1]) {
            assertEquals(1, sender.send(bytes.asSlice(0, 1), Collections.nCopies(4, fd)));
            assertEquals(1, receiver.receive(bytes, fds));
            assertEquals(4, fds.count());
            fds.close();
            assertEquals(1, sender.send(bytes.asSlice(0, 1), Collections.nCopies(9, fd)));

            LinuxException e =
                    assertThrows(LinuxException.class, () -> receiver.receive(bytes, fds));

            assertEquals(Errno.EMSGSIZE, e.errno());
            assertEquals(0, fds.count());
        }
    }

    @Test
    void shouldRefuseWhenMoreAreSentThanGoTogether() throws Exception {
        try (Fd fd = Memfd.create("many", 1)) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> pair[0].send(bytes, Collections.nCopies(254, fd)));
        }
    }

    @Test
    void shouldCloseTheRestWhenNotAllAreTaken() throws Exception {
        try (Fd fd = Memfd.create("rest", 1)) {
            pair[0].send(bytes, Collections.nCopies(16, fd));
            pair[1].receive(bytes, fds);

            try (Fd third = fds.take(3)) {
                assertTrue(third.isOpen());
                assertThrows(IllegalStateException.class, () -> fds.take(3));
                assertThrows(IndexOutOfBoundsException.class, () -> fds.take(16));
                fds.close();
                assertTrue(Libc.fcntl(third.number(), Libc.F_GETFL, 0) >= 0);
            }
        }
    }

    @Test
    void shouldTellEndOfStreamAndBrokenPipeWhenPeerIsGone() throws Exception {
        assertEquals(-Errno.EAGAIN, pair[1].receive(bytes, fds));
        pair[0].close();

        assertEquals(0, pair[1].receive(bytes, fds));
        LinuxException e = assertThrows(LinuxException.class, () -> pair[1].send(bytes, List.of()));
        assertEquals(Errno.EPIPE, e.errno());
    }

    @Test
    void shouldTellToWaitWhenPeerDoesNotRead() throws Exception {
        int sent = 0;
        int result;
        do {
            result = pair[0].send(bytes, List.of());
            sent += Math.max(result, 0);
        } while (result > 0);

        assertEquals(-Errno.EAGAIN, result);
        assertTrue(sent >= bytes.byteSize());
    }

    @Test
    void shouldRefuseWhenMemoryIsNotNativeOrEmpty() {
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);

        assertThrows(IllegalArgumentException.class, () -> pair[0].send(heap, List.of()));
        assertThrows(IllegalArgumentException.class, () -> pair[0].receive(heap, fds));
        assertThrows(
                IllegalArgumentException.class, () -> pair[0].receive(bytes.asSlice(0, 0), fds));
    }

    private static List<Fd> fdsOf(List<EventFd> events) {
        return events.stream().map(EventFd::fd).toList();
    }
}
