package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

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

    private static final FunctionDescriptor INT_INT = FunctionDescriptor.of(JAVA_INT, JAVA_INT);
    private static final FunctionDescriptor TRANSFER =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor RANGE_INT =
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

    private static final MethodHandle CLOSE = Native.function("close", INT_INT);
    private static final MethodHandle READ = Native.function("read", TRANSFER);
    private static final MethodHandle WRITE = Native.function("write", TRANSFER);
    private static final FunctionDescriptor VECTORED =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle READV = Native.function("readv", VECTORED);
    private static final MethodHandle WRITEV = Native.function("writev", VECTORED);
    private static final MethodHandle FCNTL =
            Native.variadic(
                    "fcntl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle DUP3 =
            Native.function("dup3", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle MMAP =
            Native.function(
                    "mmap",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                            JAVA_LONG));
    private static final MethodHandle MREMAP =
            Native.variadic(
                    "mremap",
                    4,
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP =
            Native.function("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MADVISE = Native.function("madvise", RANGE_INT);
    private static final MethodHandle MPROTECT = Native.function("mprotect", RANGE_INT);

    private static final MethodHandle SIGACTION =
            Native.function(
                    "sigaction", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

    private static final MethodHandle PRCTL =
            Native.variadic(
                    "prctl",
                    1,
                    FunctionDescriptor.of(
                            JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private Libc() {}

    static int close(int fd) {
        MemorySegment state = Native.state();
        try {
            int result = (int) CLOSE.invokeExact(state, fd);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static long read(int fd, long address, long length) {
        MemorySegment state = Native.state();
        try {
            long result = (long) READ.invokeExact(state, fd, address, length);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static long write(int fd, long address, long length) {
        MemorySegment state = Native.state();
        try {
            long result = (long) WRITE.invokeExact(state, fd, address, length);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int readv(int fd, long iov, int count) {
        MemorySegment state = Native.state();
        try {
            long result = (long) READV.invokeExact(state, fd, iov, count);
            return result < 0 ? Native.error(state) : (int) result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int writev(int fd, long iov, int count) {
        MemorySegment state = Native.state();
        try {
            long result = (long) WRITEV.invokeExact(state, fd, iov, count);
            return result < 0 ? Native.error(state) : (int) result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int dup3(int from, int to, int flags) {
        MemorySegment state = Native.state();
        try {
            int result = (int) DUP3.invokeExact(state, from, to, flags);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int fcntl(int fd, int command, long argument) {
        MemorySegment state = Native.state();
        try {
            int result = (int) FCNTL.invokeExact(state, fd, command, argument);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** The mapping's address, or a negative error number (user addresses are never negative). */
    static long mmap(long address, long length, int protection, int flags, int fd, long offset) {
        MemorySegment state = Native.state();
        try {
            long result =
                    (long) MMAP.invokeExact(state, address, length, protection, flags, fd, offset);
            return result == -1 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * Maps the pages of a shared mapping once more, at a given address in place of what is there.
     *
     * @return the address, or a negative error number
     */
    static long mapAgain(long address, long length, long at) {
        MemorySegment state = Native.state();
        try {
            // An old size of 0 leaves the old mapping as it is (mremap(2)).
            long result =
                    (long)
                            MREMAP.invokeExact(
                                    state, address, 0L, length, MREMAP_MAYMOVE | MREMAP_FIXED, at);
            return result == -1 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int munmap(long address, long length) {
        MemorySegment state = Native.state();
        try {
            int result = (int) MUNMAP.invokeExact(state, address, length);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int madvise(long address, long length, int advice) {
        MemorySegment state = Native.state();
        try {
            int result = (int) MADVISE.invokeExact(state, address, length, advice);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int mprotect(long address, long length, int protection) {
        MemorySegment state = Native.state();
        try {
            int result = (int) MPROTECT.invokeExact(state, address, length, protection);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int sigaction(int signal, long action, long old) {
        MemorySegment state = Native.state();
        try {
            int result = (int) SIGACTION.invokeExact(state, signal, action, old);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** With one argument; the others are 0, as the kernel demands. */
    static int prctl(int option, long argument) {
        MemorySegment state = Native.state();
        try {
            int result = (int) PRCTL.invokeExact(state, option, argument, 0L, 0L, 0L);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
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
