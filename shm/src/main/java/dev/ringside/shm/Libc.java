package dev.ringside.shm;

/**
 * Calls on file descriptors and mappings that several classes need. Pointers are plain addresses.
 * Each returns the call's result, or the negative error number. Any thread.
 */
final class Libc {
    static final int F_SETFD = 2;
    static final int F_GETFL = 3;
    static final int F_SETFL = 4;
    static final int F_DUPFD_CLOEXEC = 1030;
    static final int FD_CLOEXEC = 1;
    static final int O_NONBLOCK = 0x800;

    static final int PROT_NONE = 0;
    static final int PROT_READ = 1;
    static final int PROT_WRITE = 2;
    static final int PROT_EXEC = 4;
    static final int MAP_SHARED = 1;
    static final int MAP_PRIVATE = 2;
    static final int MAP_ANONYMOUS = 0x20;
    static final int MAP_NORESERVE = 0x4000;
    static final int MAP_POPULATE = 0x8000;
    static final int MADV_DONTDUMP = 16;
    static final int MREMAP_MAYMOVE = 1;
    static final int MREMAP_FIXED = 2;

    private static final CFunction CLOSE = CFunction.ofInt("close");
    private static final CFunction READ = CFunction.ofLong("read");
    private static final CFunction WRITE = CFunction.ofLong("write");
    private static final CFunction READV = CFunction.ofLong("readv");
    private static final CFunction WRITEV = CFunction.ofLong("writev");
    private static final CFunction FCNTL = CFunction.ofInt("fcntl");
    private static final CFunction DUP3 = CFunction.ofInt("dup3");
    private static final CFunction MMAP = CFunction.ofLong("mmap");
    private static final CFunction MREMAP = CFunction.ofLong("mremap");
    private static final CFunction MUNMAP = CFunction.ofInt("munmap");
    private static final CFunction MADVISE = CFunction.ofInt("madvise");
    private static final CFunction MPROTECT = CFunction.ofInt("mprotect");

    private static final CFunction SIGACTION = CFunction.ofInt("sigaction");

    private static final CFunction PRCTL = CFunction.ofInt("prctl");

    private Libc() {}

    static int close(int fd) {
        return (int) CLOSE.call(fd);
    }

    static long read(int fd, long address, long length) {
        return READ.call(fd, address, length);
    }

    static long write(int fd, long address, long length) {
        return WRITE.call(fd, address, length);
    }

    static int readv(int fd, long iov, int count) {
        return (int) READV.call(fd, iov, count);
    }

    static int writev(int fd, long iov, int count) {
        return (int) WRITEV.call(fd, iov, count);
    }

    static int dup3(int from, int to, int flags) {
        return (int) DUP3.call(from, to, flags);
    }

    static int fcntl(int fd, int command, long argument) {
        return (int) FCNTL.call(fd, command, argument);
    }

    /** The mapping's address, or a negative error number (user addresses are never negative). */
    static long mmap(long address, long length, int protection, int flags, int fd, long offset) {
        return MMAP.call(address, length, protection, flags, fd, offset);
    }

    /**
     * Maps the pages of a shared mapping once more, at a given address in place of what is there.
     *
     * @return the address, or a negative error number
     */
    static long mapAgain(long address, long length, long at) {
        // An old size of 0 leaves the old mapping as it is (mremap(2)).
        return MREMAP.call(address, 0L, length, MREMAP_MAYMOVE | MREMAP_FIXED, at);
    }

    static int munmap(long address, long length) {
        return (int) MUNMAP.call(address, length);
    }

    static int madvise(long address, long length, int advice) {
        return (int) MADVISE.call(address, length, advice);
    }

    static int mprotect(long address, long length, int protection) {
        return (int) MPROTECT.call(address, length, protection);
    }

    static int sigaction(int signal, long action, long old) {
        return (int) SIGACTION.call(signal, action, old);
    }

    /** With one argument; the others are 0, as the kernel demands. */
    static int prctl(int option, long argument) {
        return (int) PRCTL.call(option, argument);
    }

    /** Sets O_NONBLOCK and FD_CLOEXEC on a descriptor that came from elsewhere. */
    static int setNonBlockingCloseOnExec(int fd) {
        int flags = fcntl(fd, F_GETFL, 0);
        if (flags < 0) {
            return flags;
        }
        int result = fcntl(fd, F_SETFL, flags | O_NONBLOCK);
        return result < 0 ? result : fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}
