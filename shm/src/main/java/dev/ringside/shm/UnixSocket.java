package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stream socket of the unix(7) family, always non-blocking and close-on-exec, that passes file
 * descriptors. One thread at a time.
 *
 * <p>Every call carries MSG_DONTWAIT of its own: whoever else holds the open file cannot make us
 * block by clearing O_NONBLOCK.
 */
public final class UnixSocket implements AutoCloseable {
    /** Most groups that a process can be in (NGROUPS_MAX). */
    private static final int MAX_GROUPS = 65_536;

    /** At most so many descriptors go with one message. */
    public static final int MAX_FDS = SocketSpec.SCM_MAX_FD;

    private static final int STREAM =
            SocketSpec.SOCK_STREAM | SocketSpec.SOCK_NONBLOCK | SocketSpec.SOCK_CLOEXEC;
    private static final int S_IFMT = 0xf000;
    private static final int S_IFSOCK = 0xc000;
    private static final int PERMISSIONS = 0777;

    private final Fd fd;
    private final SocketMessage message;
    private FdKeeper keeper;

    private UnixSocket(Fd fd, int maxReceivedFds) {
        this.fd = fd;
        keeper = fd.keeper();
        this.message = new SocketMessage(maxReceivedFds);
    }

    /**
     * Binds a path and listens; the socket file's mode is what the umask leaves of 0777.
     *
     * @see #listen(Path, int, int)
     */
    public static UnixSocket listen(Path path, int backlog) throws LinuxException {
        return listen(path, backlog, PERMISSIONS);
    }

    /**
     * Binds a path and listens. A socket file that nobody listens on any more is replaced. Closing
     * does not remove the file.
     *
     * @param mode permission bits, in force from the moment the file exists, less the umask
     * @throws LinuxException EADDRINUSE when somebody listens there, EEXIST when the path is no
     *     socket, ENAMETOOLONG beyond 107 bytes
     */
    public static UnixSocket listen(Path path, int backlog, int mode) throws LinuxException {
        String call = "listen " + path;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = SocketCalls.address(arena, bytes(path), call);
            removeStale(path, address);
            Fd fd = Fd.adopt(LinuxException.check(SocketCalls.socket(STREAM), "socket"));
            try {
                // The mode of an unbound socket becomes the mode of the file that bind makes.
                LinuxException.check(
                        SocketCalls.fchmod(fd.number(), mode & PERMISSIONS), "fchmod " + path);
                LinuxException.check(SocketCalls.bind(fd.number(), address), "bind " + path);
                LinuxException.check(SocketCalls.listen(fd.number(), backlog), call);
                return new UnixSocket(fd, MAX_FDS);
            } catch (LinuxException e) {
                fd.close();
                throw e;
            }
        }
    }

    private static void removeStale(Path path, MemorySegment address) throws LinuxException {
        try {
            int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            if ((mode & S_IFMT) != S_IFSOCK) {
                throw new LinuxException(
                        "listen " + path,
                        Errno.EEXIST,
                        "it is there and not a socket; remove it or choose another path");
            }
            if (isListenedOn(path, address)) {
                throw new LinuxException(
                        "listen " + path,
                        Errno.EADDRINUSE,
                        "another process listens there; stop it or choose another path");
            }
            Files.deleteIfExists(path);
        } catch (NoSuchFileException e) {
            return;
        } catch (LinuxException e) {
            throw e;
        } catch (IOException e) {
            throw new LinuxException("listen " + path, Errno.EACCES, e.toString());
        }
    }

    private static boolean isListenedOn(Path path, MemorySegment address) throws LinuxException {
        try (Fd probe = Fd.adopt(LinuxException.check(SocketCalls.socket(STREAM), "socket"))) {
            int result = SocketCalls.connect(probe.number(), address);
            // EAGAIN: a listener whose backlog is full.
            if (result >= 0 || result == -Errno.EAGAIN) {
                return true;
            }
            if (result == -Errno.ECONNREFUSED || result == -Errno.ENOENT) {
                return false;
            }
            throw new LinuxException("connect " + path, -result, "to see whether it is in use");
        }
    }

    /**
     * Connects to a listening socket.
     *
     * @throws LinuxException ENOENT or ECONNREFUSED when nobody listens, EAGAIN when its backlog is
     *     full
     */
    public static UnixSocket connect(Path path) throws LinuxException {
        String call = "connect " + path;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = SocketCalls.address(arena, bytes(path), call);
            Fd fd = Fd.adopt(LinuxException.check(SocketCalls.socket(STREAM), "socket"));
            int result = SocketCalls.connect(fd.number(), address);
            if (result < 0) {
                fd.close();
                throw new LinuxException(call, -result);
            }
            return new UnixSocket(fd, MAX_FDS);
        }
    }

    /**
     * Takes over an inherited or received descriptor, listening or connected.
     *
     * @param fd consumed: closed when this method throws
     * @throws LinuxException EINVAL when it is not a unix stream socket
     */
    public static UnixSocket adopt(Fd fd) throws LinuxException {
        try {
            int n = fd.number();
            String call = "adopt socket fd " + n;
            int domain = LinuxException.check(SocketCalls.intOption(n, SocketSpec.SO_DOMAIN), call);
            int type = LinuxException.check(SocketCalls.intOption(n, SocketSpec.SO_TYPE), call);
            if (domain != SocketSpec.AF_UNIX || type != SocketSpec.SOCK_STREAM) {
                throw new LinuxException(
                        call,
                        Errno.EINVAL,
                        "domain " + domain + " type " + type + ", not a unix stream socket");
            }
            LinuxException.check(Libc.setNonBlockingCloseOnExec(n), "fcntl fd " + n);
            return new UnixSocket(fd, MAX_FDS);
        } catch (LinuxException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Has somebody else close what the peer gives from now on, and this socket, for descriptors
     * that nobody received are closed with it. Once, before anything is received.
     */
    public void keepBy(FdKeeper other) {
        keeper = other;
        fd.keptBy(other);
    }

    /** Two sockets connected to each other. */
    public static UnixSocket[] pair() throws LinuxException {
        return pair(MAX_FDS);
    }

    /** For tests: sockets with less room for descriptors than a peer may send. */
    static UnixSocket[] pair(int maxReceivedFds) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pair = arena.allocate(JAVA_INT, 2);
            LinuxException.check(SocketCalls.socketpair(STREAM, pair), "socketpair");
            return new UnixSocket[] {
                new UnixSocket(Fd.adopt(pair.getAtIndex(JAVA_INT, 0)), maxReceivedFds),
                new UnixSocket(Fd.adopt(pair.getAtIndex(JAVA_INT, 1)), maxReceivedFds)
            };
        }
    }

    /** Whether {@link #accept} is what this socket is for (SO_ACCEPTCONN). */
    public boolean isListening() throws LinuxException {
        return LinuxException.check(
                        SocketCalls.intOption(fd.number(), SocketSpec.SO_ACCEPTCONN),
                        "getsockopt SO_ACCEPTCONN " + fd)
                != 0;
    }

    /**
     * The next connection, or null when none waits.
     *
     * @throws LinuxException EMFILE and its like: the connection stays in the backlog
     */
    public @Nullable UnixSocket accept() throws LinuxException {
        int result = SocketCalls.accept(fd.number());
        if (result == -Errno.EAGAIN || result == -Errno.ECONNABORTED || result == -Errno.EINTR) {
            return null;
        }
        return new UnixSocket(Fd.adopt(LinuxException.check(result, "accept " + fd)), MAX_FDS);
    }

    /**
     * Receives what is there, at most as much as the segment holds.
     *
     * @param into native memory, not empty
     * @param fds gets the descriptors that came, at its end
     * @return bytes received; 0: the peer closed; -EAGAIN: nothing is there
     * @throws LinuxException EMSGSIZE when descriptors were cut off: all of {@code fds} is closed,
     *     and so should the connection be; else what recvmsg says (ECONNRESET)
     */
    public int receive(MemorySegment into, ReceivedFds fds) throws LinuxException {
        return message.receive(fd.number(), into, fds, keeper);
    }

    /**
     * Sends bytes, and descriptors with the first of them. What the peer gets are duplicates: ours
     * stay open.
     *
     * @param bytes native memory, not empty
     * @param fds at most {@link #MAX_FDS}
     * @return bytes sent, perhaps fewer than given (the descriptors went with them); -EAGAIN: none
     * @throws LinuxException EPIPE or ECONNRESET when the peer is gone; no signal is raised
     */
    public int send(MemorySegment bytes, List<Fd> fds) throws LinuxException {
        return message.send(fd.number(), bytes, fds);
    }

    /**
     * Receives what is there, and drops descriptors that come with it. Data path: neither allocates
     * nor throws.
     *
     * @param address of native memory
     * @param lengthBytes how much there is of it, at least 1
     * @return bytes received; 0: the peer closed; -EAGAIN: nothing is there; or another negative
     *     error number (ECONNRESET)
     */
    public int receive(long address, int lengthBytes) {
        // Without a control buffer the kernel closes descriptors that were passed.
        long result = SocketCalls.recv(fd.number(), address, lengthBytes, SocketSpec.MSG_DONTWAIT);
        return result == -Errno.EINTR ? -Errno.EAGAIN : (int) result;
    }

    /**
     * Sends the pieces, one behind the other. Data path: neither allocates nor throws.
     *
     * @return bytes sent, perhaps fewer than given; -EAGAIN: no room; -EFAULT: the first piece is
     *     not mapped; -EPIPE or -ECONNRESET: the peer is gone, no signal is raised; or another
     *     negative error number
     */
    public int send(IoVectors pieces) {
        return message.send(fd.number(), pieces);
    }

    /**
     * Ends the connection in both directions at once, even when somebody else (an io_uring) still
     * holds the open file: the peer and every poll see it. Not connected: does nothing.
     */
    public void shutdown() {
        // All that can be wrong is that it is not connected.
        SocketCalls.shutdown(fd.number(), SocketSpec.SHUT_RDWR);
    }

    /** Who connected or was connected to. */
    public PeerCredentials peer() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ucred = arena.allocate(SocketSpec.UCRED_SIZE, Integer.BYTES);
            LinuxException.check(
                    SocketCalls.getOption(fd.number(), SocketSpec.SO_PEERCRED, ucred),
                    "getsockopt SO_PEERCRED " + fd);
            return new PeerCredentials(
                    ucred.get(JAVA_INT, SocketSpec.UCRED_PID),
                    ucred.get(JAVA_INT, SocketSpec.UCRED_UID),
                    ucred.get(JAVA_INT, SocketSpec.UCRED_GID));
        }
    }

    /**
     * The supplementary groups that whoever connected was in then (SO_PEERGROUPS); the effective
     * one need not be among them.
     */
    public int[] peerGroups() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment groups = arena.allocate(JAVA_INT, MAX_GROUPS);
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) groups.byteSize());
            LinuxException.check(
                    SocketCalls.getOption(
                            fd.number(),
                            SocketSpec.SOL_SOCKET,
                            SocketSpec.SO_PEERGROUPS,
                            groups.address(),
                            length.address()),
                    "getsockopt SO_PEERGROUPS " + fd);
            return groups.asSlice(0, length.get(JAVA_INT, 0)).toArray(JAVA_INT);
        }
    }

    /** The descriptor, still owned by this object. */
    public Fd fd() {
        return fd;
    }

    /** Closes the descriptor; does nothing the second time. */
    @Override
    public void close() {
        fd.close();
    }

    private static byte[] bytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8);
    }
}
