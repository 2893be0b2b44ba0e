package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Calls on open files. Each returns its result or the negative error number. Any thread. */
final class FileCalls {
    private static final FunctionDescriptor POSITIONED =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor VECTORED =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);

    private static final MethodHandle OPEN =
            Native.variadic(
                    "open", 2, FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));
    private static final MethodHandle PREAD = Native.function("pread", POSITIONED);
    private static final MethodHandle PWRITE = Native.function("pwrite", POSITIONED);
    private static final MethodHandle PREADV2 = Native.function("preadv2", VECTORED);
    private static final MethodHandle PWRITEV2 = Native.function("pwritev2", VECTORED);
    private static final MethodHandle FDATASYNC =
            Native.function("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle FALLOCATE =
            Native.function(
                    "fallocate",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle LSEEK =
            Native.function(
                    "lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle IOCTL =
            Native.variadic(
                    "ioctl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

    private FileCalls() {}

    static int open(String path, int flags) {
        MemorySegment state = Native.state();
        try (Arena arena = Arena.ofConfined()) {
            int result =
                    (int) OPEN.invokeExact(state, arena.allocateFrom(path).address(), flags, 0);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int pread(int fd, long address, long length, long offset) {
        MemorySegment state = Native.state();
        try {
            long result = (long) PREAD.invokeExact(state, fd, address, length, offset);
            return result < 0 ? Native.error(state) : (int) result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int pwrite(int fd, long address, long length, long offset) {
        MemorySegment state = Native.state();
        try {
            long result = (long) PWRITE.invokeExact(state, fd, address, length, offset);
            return result < 0 ? Native.error(state) : (int) result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int preadv2(int fd, long iov, int count, long offset, int flags) {
        MemorySegment state = Native.state();
        try {
            long result = (long) PREADV2.invokeExact(state, fd, iov, count, offset, flags);
            return result < 0 ? Native.error(state) : (int) result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int pwritev2(int fd, long iov, int count, long offset, int flags) {
        MemorySegment state = Native.state();
        try {
            long result = (long) PWRITEV2.invokeExact(state, fd, iov, count, offset, flags);
            return result < 0 ? Native.error(state) : (int) result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int fdatasync(int fd) {
        MemorySegment state = Native.state();
        try {
            int result = (int) FDATASYNC.invokeExact(state, fd);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int fallocate(int fd, int mode, long offset, long length) {
        MemorySegment state = Native.state();
        try {
            int result = (int) FALLOCATE.invokeExact(state, fd, mode, offset, length);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static long lseek(int fd, long offset, int whence) {
        MemorySegment state = Native.state();
        try {
            long result = (long) LSEEK.invokeExact(state, fd, offset, whence);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int ioctl(int fd, long request, long argument) {
        MemorySegment state = Native.state();
        try {
            int result = (int) IOCTL.invokeExact(state, fd, request, argument);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** An ioctl that writes one number through its argument. */
    static long ioctlNumber(int fd, long request, int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(JAVA_LONG);
            int result = ioctl(fd, request, number.address());
            if (result < 0) {
                return result;
            }
            return bytes == Integer.BYTES ? number.get(JAVA_INT, 0) : number.get(JAVA_LONG, 0);
        }
    }

    /** An ioctl on a byte range: BLKDISCARD and its like. */
    static int ioctlRange(int fd, long request, long offset, long length) {
        try (Arena arena = Arena.ofConfined()) {
            return ioctl(fd, request, arena.allocateFrom(JAVA_LONG, offset, length).address());
        }
    }
}
