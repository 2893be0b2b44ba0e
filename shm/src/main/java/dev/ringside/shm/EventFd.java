package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An eventfd(2), always O_NONBLOCK and close-on-exec. {@link #signal} may be called by any thread,
 * unless it says otherwise; {@link #drain} by one thread at a time.
 */
public final class EventFd implements AutoCloseable {
    private static final int EFD_NONBLOCK = Libc.O_NONBLOCK;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final String LINK = "anon_inode:[eventfd]";
    private static final CFunction EVENTFD = CFunction.ofInt("eventfd");

    private static final long CURRENT_POSITION = -1;

    // The value that every signal adds; read by the kernel, written never.
    private static final long ONE_ADDRESS = one();

    private final Fd fd;
    // The counter, and behind it the iovec that names it.
    private final MemorySegment counter =
            Arena.ofAuto().allocate(Long.BYTES + SocketSpec.IOVEC_SIZE, Long.BYTES);
    private final long iovecAddress = counter.address() + Long.BYTES;
    // Of a peer's eventfd that is signalled: a plain write could be made to wait.
    private @Nullable EventFdRing ring;
    private final boolean shared;

    private EventFd(Fd fd, boolean shared) {
        this.fd = fd;
        this.shared = shared;
        counter.set(JAVA_LONG, Long.BYTES + SocketSpec.IOVEC_BASE, counter.address());
        counter.set(JAVA_LONG, Long.BYTES + SocketSpec.IOVEC_LEN, Long.BYTES);
    }

    /** A new eventfd with counter 0. */
    public static EventFd create() throws LinuxException {
        int result = (int) EVENTFD.call(0, EFD_NONBLOCK | EFD_CLOEXEC);
        int number = LinuxException.check(result, "eventfd");
        return new EventFd(Fd.adopt(number), false);
    }

    /**
     * Takes over a descriptor that another process made, and makes it O_NONBLOCK.
     *
     * @param fd consumed: closed when this method throws
     * @throws LinuxException EINVAL when it is not an eventfd
     */
    public static EventFd adopt(Fd fd) throws LinuxException {
        try {
            int n = fd.number();
            String link = link(n);
            if (!link.equals(LINK)) {
                throw new LinuxException(
                        "adopt eventfd fd " + n,
                        Errno.EINVAL,
                        "it is " + link + ", not an eventfd");
            }
            LinuxException.check(Libc.setNonBlockingCloseOnExec(n), "fcntl fd " + n);
            return new EventFd(fd, true);
        } catch (LinuxException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static String link(int number) throws LinuxException {
        Path path = Path.of("/proc/self/fd/" + number);
        try {
            return Files.readSymbolicLink(path).toString();
        } catch (IOException e) {
            throw new LinuxException("readlink " + path, Errno.EBADF, e.toString());
        }
    }

    /**
     * As {@link #adopt}, with everything that {@link #signal} needs, for what is signalled often.
     *
     * @param fd consumed: closed when this method throws
     * @throws LinuxException EINVAL when it is not an eventfd; what io_uring_setup says
     */
    public static EventFd adoptToSignal(Fd fd) throws LinuxException {
        EventFd adopted = adopt(fd);
        try {
            adopted.ring = EventFdRing.create(fd);
            return adopted;
        } catch (LinuxException | RuntimeException e) {
            adopted.close();
            throw e;
        }
    }

    /**
     * Adds one to the counter, and does not block whatever a peer, who shares the open file and its
     * flags, does with them. Data path: allocates nothing, but for the first signal of what was
     * adopted without {@link #adoptToSignal}. Of an adopted one: one thread at a time.
     *
     * @return false when the descriptor failed, or the counter of an eventfd of our own is
     *     saturated; nothing was added then
     */
    public boolean signal() {
        if (!shared) {
            return Libc.write(fd.number(), ONE_ADDRESS, Long.BYTES) == Long.BYTES;
        }
        EventFdRing now = ring == null ? makeRing() : ring;
        return now != null && now.signal();
    }

    private @Nullable EventFdRing makeRing() {
        try {
            ring = EventFdRing.create(fd);
        } catch (LinuxException e) {
            // An error signal is lost; what is signalled often got its ring before.
            ring = null;
        }
        return ring;
    }

    /**
     * Takes the counter back to 0 and returns what it was; 0 when nothing was signalled. Never
     * blocks, whatever the peer does to the flags of the open file. One read: of an EFD_SEMAPHORE
     * descriptor it takes 1.
     */
    public long drain() {
        int number = fd.number();
        int got = FileCalls.preadv2(number, iovecAddress, 1, CURRENT_POSITION, HostFile.RWF_NOWAIT);
        return got == Long.BYTES ? counter.get(JAVA_LONG, 0) : 0;
    }

    /**
     * Fills the counter and clears O_NONBLOCK, so that whoever writes waits: what a hostile peer
     * does, for tests of those who must not wait.
     */
    public void jam() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            long most = arena.allocateFrom(JAVA_LONG, -2).address();
            drain();
            Libc.write(fd.number(), most, Long.BYTES);
            LinuxException.check(Libc.fcntl(fd.number(), Libc.F_SETFL, 0), "fcntl F_SETFL");
        }
    }

    /** The descriptor's number, for epoll or io_uring. */
    public int number() {
        return fd.number();
    }

    /** The descriptor, still owned by this object: to send it to a peer. */
    public Fd fd() {
        return fd;
    }

    /** Closes the descriptor; does nothing the second time. */
    @Override
    public void close() {
        EventFdRing open = ring;
        if (open != null && fd.isOpen()) {
            open.close();
        }
        fd.close();
    }

    private static long one() {
        MemorySegment one = Arena.global().allocate(JAVA_LONG);
        one.set(JAVA_LONG, 0, 1);
        return one.address();
    }
}
