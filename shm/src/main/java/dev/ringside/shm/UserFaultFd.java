package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A userfaultfd(2): pages of registered memory that are missing are filled by whoever holds it, and
 * a thread that touches one waits for that. For a front-end at the target of a postcopy migration;
 * nothing here serves with one. Any thread.
 */
public final class UserFaultFd implements AutoCloseable {
    /** Touching a missing page is answered by SIGBUS, and nobody waits. */
    public static final long FEATURE_SIGBUS = 1 << 7;

    private static final int SYS_USERFAULTFD_X86_64 = 323;
    private static final int SYS_USERFAULTFD_AARCH64 = 282;
    private static final int O_CLOEXEC = 0x80000;

    /** Faults in user mode only, for which no privilege is needed. */
    private static final int UFFD_USER_MODE_ONLY = 1;

    private static final long UFFDIO_API = 0xc018aa3fL;
    private static final long UFFDIO_REGISTER = 0xc020aa00L;
    private static final long UFFDIO_WAKE = 0x8010aa02L;
    private static final long UFFDIO_COPY = 0xc028aa03L;
    private static final long UFFD_API = 0xaa;
    private static final long MODE_MISSING = 1;

    private final Fd fd;

    private UserFaultFd(Fd fd) {
        this.fd = fd;
    }

    /**
     * One of this process's address space. Reading it does not block.
     *
     * @param features 0, or {@link #FEATURE_SIGBUS}
     */
    public static UserFaultFd create(long features) throws LinuxException {
        long number =
                Native.ARCH == Native.Arch.X86_64
                        ? SYS_USERFAULTFD_X86_64
                        : SYS_USERFAULTFD_AARCH64;
        int flags = O_CLOEXEC | Libc.O_NONBLOCK | UFFD_USER_MODE_ONLY;
        long made = CFunction.SYSCALL.call(number, flags);
        Fd fd = Fd.adopt((int) LinuxException.check(made, "userfaultfd"));
        try {
            call(fd, UFFDIO_API, "UFFDIO_API", UFFD_API, features, 0);
            return new UserFaultFd(fd);
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
    }

    /** The descriptor, owned by this object; readable while somebody waits for a page. */
    public Fd fd() {
        return fd;
    }

    /**
     * Has missing pages filled by this object only.
     *
     * @param address of this process, of a page
     */
    public void register(long address, long bytes) throws LinuxException {
        call(fd, UFFDIO_REGISTER, "UFFDIO_REGISTER", address, bytes, MODE_MISSING, 0);
    }

    /**
     * Fills missing pages, and wakes who waited for them by this descriptor.
     *
     * @param address of the first
     * @throws LinuxException EEXIST when a page is not missing
     */
    public void fill(long address, MemorySegment content) throws LinuxException {
        call(fd, UFFDIO_COPY, "UFFDIO_COPY", address, content.address(), content.byteSize(), 0, 0);
    }

    /** Wakes who waits by another userfaultfd, of any process, for pages of that one. */
    public static void wake(Fd other, long address, long bytes) throws LinuxException {
        call(other, UFFDIO_WAKE, "UFFDIO_WAKE", address, bytes);
    }

    private static void call(Fd fd, long request, String name, long... fields)
            throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment argument = arena.allocateFrom(JAVA_LONG, fields);
            LinuxException.check(
                    FileCalls.ioctl(fd.number(), request, argument.address()), "ioctl " + name);
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
