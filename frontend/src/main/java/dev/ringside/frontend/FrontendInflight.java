package dev.ringside.frontend;

import dev.ringside.shm.Fd;
import dev.ringside.shm.Memfd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The in-flight region as a front-end holds it (vhost-user.rst, Inflight I/O tracking): the file
 * that a back-end made, and where the region lies in it. A front-end only keeps it, and shows it to
 * every back-end that it connects to until the device is reset.
 *
 * @param fd the file, owned by this object
 * @param sizeBytes size of the region
 * @param offset where in the file it begins
 * @param queues number of queues it is for
 * @param queueSize entries of each
 */
public record FrontendInflight(Fd fd, long sizeBytes, long offset, int queues, int queueSize)
        implements AutoCloseable {

    /** A region of the front-end's own making, of zeroes, that no back-end was asked for. */
    public static FrontendInflight create(
            final long sizeBytes, final long offset, final int queues, final int queueSize)
            throws IOException {
        final Fd fd = Memfd.create("ringside-frontend-inflight", offset + sizeBytes);
        return new FrontendInflight(fd, sizeBytes, offset, queues, queueSize);
    }

    /** The same file, described differently. The two share the descriptor: close one of them. */
    public FrontendInflight described(
            final long otherSize, final long otherOffset, final int otherQueues, final int size) {
        return new FrontendInflight(fd, otherSize, otherOffset, otherQueues, size);
    }

    /** The region's bytes, to look at and to spoil; ends with the arena. */
    public MemorySegment map(final Arena arena) throws IOException {
        try (FileChannel file =
                FileChannel.open(
                        Path.of("/proc/self/fd/" + fd.number()),
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            return file.map(MapMode.READ_WRITE, offset, sizeBytes, arena);
        }
    }

    /** Cuts the file, as a hostile front-end would. */
    public void truncate(final long bytes) throws IOException {
        Memfd.truncate(fd, bytes);
    }

    @Override
    public void close() {
        fd.close();
    }
}
