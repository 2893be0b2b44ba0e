package dev.ringside.shm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The writing end of a named pipe (fifo(7)) that waits for nobody: neither for a reader to come nor
 * for one to read. One thread at a time.
 */
public final class OutputPipe implements AutoCloseable {
    private static final int S_IFMT = 0xf000;
    private static final int S_IFIFO = 0x1000;

    private final Fd fd;

    private OutputPipe(Fd fd) {
        this.fd = fd;
    }

    /**
     * Whether a path leads to a named pipe.
     *
     * @throws IOException when one cannot tell
     */
    public static boolean isPipe(Path path) throws IOException {
        try {
            return ((int) Files.getAttribute(path, "unix:mode") & S_IFMT) == S_IFIFO;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /**
     * Opens a named pipe that somebody reads.
     *
     * @return null: nobody reads it now
     * @throws LinuxException what open(2) says
     */
    public static @Nullable OutputPipe open(Path path) throws LinuxException {
        int result =
                FileCalls.open(
                        path.toString(),
                        FileSpec.O_WRONLY | FileSpec.O_NONBLOCK | FileSpec.O_CLOEXEC);
        if (result == -Errno.ENXIO) {
            return null;
        }
        return new OutputPipe(Fd.adopt(LinuxException.check(result, "open " + path)));
    }

    /**
     * Writes as much as there is room for.
     *
     * @param address of native memory
     * @param lengthBytes at least 1
     * @return bytes written; -EAGAIN: no room; -EPIPE: the reader has gone (the JVM lets no signal
     *     come of that); or another negative error number
     */
    public int write(long address, int lengthBytes) {
        return (int) Libc.write(fd.number(), address, lengthBytes);
    }

    /** Closes the descriptor; does nothing the second time. */
    @Override
    public void close() {
        fd.close();
    }
}
