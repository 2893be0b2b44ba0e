package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {
    @TempDir private Path directory;

    @Test
    void shouldConnectBothWaysWhenListening() throws Exception {
        Path path = directory.resolve("s");
        try (UnixSocket listener = UnixSocket.listen(path, 5)) {
            assertTrue(listener.isListening());
            assertNull(listener.accept());

            try (UnixSocket client = UnixSocket.connect(path);
                    UnixSocket server = listener.accept()) {
                assertNotNull(server);
                assertFalse(server.isListening());
                assertEquals(ProcessHandle.current().pid(), server.peer().pid());
                assertEquals(Files.getAttribute(path, "unix:uid"), client.peer().uid());
            }
        }
    }

    @Test
    void shouldHaveModeFromTheStartWhenListeningWithMode() throws Exception {
        Path path = directory.resolve("s");
        try (UnixSocket listener = UnixSocket.listen(path, 1, 0600)) {
            assertTrue(listener.isListening());
            assertEquals(
                    Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE),
                    Files.getPosixFilePermissions(path));
        }
    }

    @Test
    void shouldReplaceFileWhenNobodyListensAnyMore() throws Exception {
        Path path = directory.resolve("s");
        UnixSocket.listen(path, 1).close();
        assertTrue(Files.exists(path));

        try (UnixSocket listener = UnixSocket.listen(path, 1);
                UnixSocket client = UnixSocket.connect(path)) {
            assertTrue(listener.isListening());
            assertFalse(client.isListening());
        }
    }

    @Test
    void shouldRefuseWhenSomebodyListens() throws Exception {
        Path path = directory.resolve("s");
        try (UnixSocket listener = UnixSocket.listen(path, 1)) {
            LinuxException e = assertThrows(LinuxException.class, () -> UnixSocket.listen(path, 1));

            assertEquals(Errno.EADDRINUSE, e.errno());
            assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
            assertTrue(listener.isListening());
        }
    }

    @Test
    void shouldRefuseWhenBacklogOfListenerIsFull() throws Exception {
        Path path = directory.resolve("s");
        try (UnixSocket listener = UnixSocket.listen(path, 0);
                UnixSocket first = UnixSocket.connect(path)) {
            assertFalse(first.isListening());
            LinuxException full =
                    assertThrows(LinuxException.class, () -> UnixSocket.connect(path));
            assertEquals(Errno.EAGAIN, full.errno());

            LinuxException e = assertThrows(LinuxException.class, () -> UnixSocket.listen(path, 1));

            assertEquals(Errno.EADDRINUSE, e.errno());
            assertTrue(listener.isListening());
        }
    }

    @Test
    void shouldRefuseWhenPathIsNoSocketOrTooLong() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        assertEquals(
                Errno.EEXIST,
                assertThrows(LinuxException.class, () -> UnixSocket.listen(file, 1)).errno());
        assertTrue(Files.exists(file));
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        assertEquals(
                Errno.EEXIST,
                assertThrows(LinuxException.class, () -> UnixSocket.listen(link, 1)).errno());

        Path tooLong = Path.of("/" + "x".repeat(107));
        LinuxException e = assertThrows(LinuxException.class, () -> UnixSocket.listen(tooLong, 1));
        assertEquals(Errno.ENAMETOOLONG, e.errno());
        assertTrue(e.getMessage().contains("107"), e.getMessage());
        assertEquals(
                Errno.ENAMETOOLONG,
                assertThrows(LinuxException.class, () -> UnixSocket.connect(tooLong)).errno());
    }

    @Test
    void shouldListenWhenPathHasTheMostBytes() throws Exception {
        int rest = 107 - directory.toString().length() - 1;
        Path path = directory.resolve("x".repeat(rest));
        assertEquals(107, path.toString().length());

        try (UnixSocket listener = UnixSocket.listen(path, 1);
                UnixSocket client = UnixSocket.connect(path)) {
            assertTrue(listener.isListening());
            assertFalse(client.isListening());
        }
    }

    @Test
    void shouldSayWhyWhenNobodyIsThere() {
        LinuxException e =
                assertThrows(
                        LinuxException.class,
                        () -> UnixSocket.connect(directory.resolve("nobody")));

        assertEquals(Errno.ENOENT, e.errno());
    }

    @Test
    void shouldAdoptWhenDescriptorIsUnixStreamSocket() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        Fd duplicate = pair[0].fd().duplicate();
        Libc.fcntl(duplicate.number(), Libc.F_SETFL, 0);

        try (UnixSocket adopted = UnixSocket.adopt(duplicate);
                ReceivedFds fds = new ReceivedFds();
                Arena arena = Arena.ofConfined()) {
            assertEquals(-Errno.EAGAIN, adopted.receive(arena.allocate(8), fds));
        } finally {
            pair[0].close();
            pair[1].close();
        }
        Fd file = Memfd.create("no-socket", 1);
        LinuxException e = assertThrows(LinuxException.class, () -> UnixSocket.adopt(file));
        assertEquals(Errno.ENOTSOCK, e.errno());
        assertFalse(file.isOpen());
    }

    @Test
    void shouldSendPiecesAndReceiveThemWithoutExceptions() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket left = pair[0];
                UnixSocket right = pair[1];
                NativeBuffer memory = NativeBuffer.allocate(64, 8);
                IoVectors pieces = IoVectors.allocate(4)) {
            assertEquals(-Errno.EAGAIN, right.receive(memory.address(), 64));
            memory.segment().setString(0, "abcdef");
            pieces.add(memory.address() + 3, 3);
            pieces.add(memory.address(), 2);
            assertEquals(5, left.send(pieces));
            assertEquals(4, right.receive(memory.address() + 16, 4));
            assertEquals(1, right.receive(memory.address() + 20, 4));
            assertEquals("defab", memory.segment().getString(16));

            // Messages with descriptors go on after messages of pieces, and the other way round.
            assertEquals(3, left.send(memory.segment().asSlice(0, 3), List.of(left.fd())));
            assertEquals(3, right.receive(memory.address() + 16, 4));
            assertEquals(5, left.send(pieces));
            assertEquals(5, right.receive(memory.address() + 16, 40));

            right.shutdown();
            assertEquals(-Errno.EPIPE, left.send(pieces));
            assertEquals(0, left.receive(memory.address(), 4));
        }
    }

    @Test
    void shouldSendAsMuchAsThereIsRoomFor() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket left = pair[0];
                UnixSocket right = pair[1];
                NativeBuffer memory = NativeBuffer.allocate(1 << 20, 8);
                IoVectors pieces = IoVectors.allocate(4)) {
            pieces.add(memory.address(), 1 << 20);
            int sent = left.send(pieces);
            assertTrue(sent > 0 && sent < 1 << 20, "sent " + sent);
            assertEquals(-Errno.EAGAIN, left.send(pieces));
            int received = 0;
            for (int n = 1; n > 0; received += Math.max(0, n)) {
                n = right.receive(memory.address(), 1 << 20);
            }
            assertEquals(sent, received);
        }
    }
}
