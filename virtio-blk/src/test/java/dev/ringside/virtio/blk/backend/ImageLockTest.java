package dev.ringside.virtio.blk.backend;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Fd;
import dev.ringside.shm.HostFile;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.UnixSocket;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may serve an image, and when. */
final class ImageLockTest {
    @TempDir private Path directory = Path.of("/nonexistent");

    @Test
    void shouldWaitForAnOpenFileThatNoProcessHas() throws Exception {
        Path image = Host.sparseFile(directory, "disk", 1 << 20);
        // A descriptor in a socket's queue belongs to nobody, as that of a dead process's I/O.
        UnixSocket[] pair = UnixSocket.pair();
        CompletableFuture<BlockBackend> opened;
        try (UnixSocket near = pair[0];
                UnixSocket far = pair[1]) {
            leave(image, near);
            opened = CompletableFuture.supplyAsync(() -> open(image));
            assertThrows(TimeoutException.class, () -> opened.get(700, TimeUnit.MILLISECONDS));
            assertTrue(far.fd().isOpen());
        }

        opened.get(60, TimeUnit.SECONDS).close();
    }

    private static void leave(Path image, UnixSocket into) throws LinuxException {
        try (HostFile file = HostFile.open(image, false, false)) {
            assertTrue(file.tryLock(true));
            assertTrue(file.tryMarkIo());
            try (HostFile own = file.reopen(false);
                    Arena arena = Arena.ofConfined()) {
                Fd same = Fd.adopt(own.fd());
                into.send(arena.allocate(1), List.of(same));
                same.release();
            }
        }
    }

    private static BlockBackend open(Path image) {
        try {
            return BlockBackends.open("file:" + image, false);
        } catch (BackendException e) {
            throw new IllegalStateException(e);
        }
    }
}
