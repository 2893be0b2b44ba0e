package dev.ringside.shm;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One end of a pipe or of a unix stream socket that a peer made, for bytes in one direction. Waits
 * for nobody, whatever the peer does to the flags of its open file. One thread at a time.
 */
public final class TransferChannel implements AutoCloseable {
    private static final int S_IFMT = 0xf000;
    private static final int S_IFIFO = 0x1000;

    private final Fd fd;
    private final @Nullable UnixSocket socket;

    private TransferChannel(Fd fd, @Nullable UnixSocket socket) {
        this.fd = fd;
        this.socket = socket;
    }

    /**
     * Takes over a descriptor that came from a peer.
     *
     * @param fd consumed: closed when this method throws
     * @param toWrite whether bytes are written here, else read
     * @throws LinuxException EINVAL, with text, when it is neither pipe nor unix stream socket;
     *     ENXIO when nobody has the pipe's other end
     */
    public static TransferChannel open(Fd fd, boolean toWrite) throws LinuxException {
        if ((Statx.known(fd).mode() & S_IFMT) != S_IFIFO) {
            UnixSocket socket = UnixSocket.adopt(fd);
            return new TransferChannel(fd, socket);
        }
        // An open file of our own: the peer shares the flags of the one that came.
        try (fd) {
            int flags = toWrite ? FileSpec.O_WRONLY : FileSpec.O_RDONLY;
            int own =
                    FileCalls.open(
                            "/proc/self/fd/" + fd.number(),
                            flags | FileSpec.O_NONBLOCK | FileSpec.O_CLOEXEC);
            return new TransferChannel(Fd.adopt(LinuxException.check(own, "reopen " + fd)), null);
        }
    }

    /**
     * Reads what is there.
     *
     * @param into native memory, not empty
     * @return bytes read; 0: the peer has written everything and closed; -EAGAIN: nothing now; or
     *     another negative error number
     */
    public int read(MemorySegment into) {
        if (socket == null) {
            int bytes = (int) Math.min(into.byteSize(), Integer.MAX_VALUE);
            return (int) Libc.read(fd.number(), into.address(), bytes);
        }
        // Received, not left to the kernel: it would close descriptors on this thread.
        try (ReceivedFds unwanted = new ReceivedFds()) {
            return socket.receive(into, unwanted);
        } catch (LinuxException e) {
            return -e.errno();
        }
    }

    /**
     * Writes as much as there is room for.
     *
     * @param from native memory, not empty
     * @return bytes written; -EAGAIN: no room now; -EPIPE: nobody reads; or another negative error
     *     number
     */
    public int write(MemorySegment from) {
        if (socket == null) {
            return (int) Libc.write(fd.number(), from.address(), from.byteSize());
        }
        try {
            return socket.send(from, List.of());
        } catch (LinuxException e) {
            return -e.errno();
        }
    }

    /** The descriptor's number, for epoll. */
    public int number() {
        return fd.number();
    }

    /** Closes this end, by which the peer sees that everything was written. */
    @Override
    public void close() {
        fd.close();
    }
}
