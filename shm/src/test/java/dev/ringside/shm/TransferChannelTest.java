package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransferChannelTest {
    @TempDir private Path directory;

    private final MemorySegment room = Arena.ofAuto().allocate(1 << 20);

    private Fd openPipe(int flags) throws Exception {
        Path pipe = directory.resolve("pipe");
        if (!pipe.toFile().exists()) {
            assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        }
        return Fd.adopt(LinuxException.check(FileCalls.open(pipe.toString(), flags), "open"));
    }

    @Test
    void shouldWaitForNobodyWhenPeerMadeItsPipeBlocking() throws Exception {
        // Opened for both, a pipe is there at once, and this open file blocks.
        try (Fd both = openPipe(FileSpec.O_RDWR);
                TransferChannel reader = TransferChannel.open(both.duplicate(), false);
                TransferChannel writer = TransferChannel.open(both.duplicate(), true)) {
            assertEquals(-Errno.EAGAIN, reader.read(room));
            room.set(ValueLayout.JAVA_BYTE, 0, (byte) 42);
            int sent = 0;
            int count;
            while ((count = writer.write(room)) > 0) {
                sent += count;
            }

            assertEquals(-Errno.EAGAIN, count);
            assertEquals(sent, reader.read(room));
            assertEquals(42, room.get(ValueLayout.JAVA_BYTE, 0));
        }
    }

    @Test
    void shouldSeeTheEndWhenWriterOfPipeClosed() throws Exception {
        Fd both = openPipe(FileSpec.O_RDWR);
        try (TransferChannel reader = TransferChannel.open(both.duplicate(), false)) {
            Libc.write(both.number(), room.address(), 5);
            both.close();

            assertEquals(5, reader.read(room));
            assertEquals(0, reader.read(room));
        }
    }

    @Test
    void shouldCarryBytesOverSocketsWhenPeerMadeThemBlocking() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        TransferChannel reader = TransferChannel.open(pair[1].fd(), false);
        try (Fd shared = pair[0].fd().duplicate();
                TransferChannel writer = TransferChannel.open(pair[0].fd(), true)) {
            Libc.fcntl(shared.number(), Libc.F_SETFL, 0);
            assertEquals(-Errno.EAGAIN, reader.read(room));
            int count;
            do {
                count = writer.write(room);
            } while (count > 0);

            assertEquals(-Errno.EAGAIN, count);
            reader.close();
            assertEquals(-Errno.EPIPE, writer.write(room));
        }
    }

    @Test
    void shouldRefuseAndCloseWhatIsNeitherPipeNorSocket() throws Exception {
        Fd memfd = Memfd.create("no-pipe", 4096);
        Fd eventFd = EventFd.create().fd();

        assertThrows(LinuxException.class, () -> TransferChannel.open(memfd, false));
        assertThrows(LinuxException.class, () -> TransferChannel.open(eventFd, true));

        assertFalse(memfd.isOpen());
        assertFalse(eventFd.isOpen());
    }
}
