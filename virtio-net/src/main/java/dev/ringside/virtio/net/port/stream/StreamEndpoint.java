package dev.ringside.virtio.net.port.stream;

import dev.ringside.shm.Errno;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a peer is found: by connecting to its socket, or by waiting for it on one of ours. Connecting
 * to a unix socket does not wait: it is there or it is not. One thread at a time.
 */
final class StreamEndpoint implements AutoCloseable {
    /** One peer is served, others wait for it to go. */
    private static final int BACKLOG = 4;

    private final Path path;
    private final @Nullable UnixSocket listener;
    private final @Nullable Object fileKey;

    private StreamEndpoint(Path path, @Nullable UnixSocket listener, @Nullable Object fileKey) {
        this.path = path;
        this.listener = listener;
        this.fileKey = fileKey;
    }

    /** Connects to a path, now or later. */
    static StreamEndpoint connecting(Path path) {
        return new StreamEndpoint(path, null, null);
    }

    /**
     * Makes the socket file.
     *
     * @param mode who may connect: permissions as of chmod(2)
     * @throws IOException when that cannot be
     */
    static StreamEndpoint listening(Path path, int mode) throws IOException {
        UnixSocket listener = UnixSocket.listen(path, BACKLOG, mode);
        try {
            // What the umask took away; the file was never more open than asked for.
            Files.setAttribute(path, "unix:mode", mode);
            return new StreamEndpoint(path, listener, fileKey(path));
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    private static @Nullable Object fileKey(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    /** The descriptor to wait on for a peer; -1: there is none, time must tell. */
    int listenerFd() {
        return listener == null ? -1 : listener.fd().number();
    }

    /**
     * The peer, when it is there.
     *
     * @return null: not now
     * @throws LinuxException why not, other than that nobody is there
     */
    @Nullable UnixSocket next() throws LinuxException {
        if (listener != null) {
            return listener.accept();
        }
        try {
            return UnixSocket.connect(path);
        } catch (LinuxException e) {
            if (isAbsent(e.errno())) {
                return null;
            }
            throw e;
        }
    }

    private static boolean isAbsent(int errno) {
        return errno == Errno.ENOENT || errno == Errno.ECONNREFUSED || errno == Errno.EAGAIN;
    }

    /** Removes the socket file if it is still ours. */
    @Override
    public void close() {
        if (listener == null) {
            return;
        }
        listener.close();
        try {
            if (Objects.equals(fileKey, fileKey(path))) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            return; // gone already, or not ours to remove: whoever listens next replaces it
        }
    }
}
