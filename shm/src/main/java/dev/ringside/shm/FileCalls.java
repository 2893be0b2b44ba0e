package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Calls on open files. Each returns its result or the negative error number. Any thread. */
final class FileCalls {

    private static final CFunction OPEN = CFunction.ofInt("open");
    private static final CFunction PREAD = CFunction.ofLong("pread");
    private static final CFunction PWRITE = CFunction.ofLong("pwrite");
    private static final CFunction PREADV2 = CFunction.ofLong("preadv2");
    private static final CFunction PWRITEV2 = CFunction.ofLong("pwritev2");
    private static final CFunction FDATASYNC = CFunction.ofInt("fdatasync");
    private static final CFunction FALLOCATE = CFunction.ofInt("fallocate");
    private static final CFunction LSEEK = CFunction.ofLong("lseek");
    private static final CFunction IOCTL = CFunction.ofInt("ioctl");

    private FileCalls() {}

    static int open(String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) OPEN.call(arena.allocateFrom(path).address(), flags);
        }
    }

    static int pread(int fd, long address, long length, long offset) {
        return (int) PREAD.call(fd, address, length, offset);
    }

    static int pwrite(int fd, long address, long length, long offset) {
        return (int) PWRITE.call(fd, address, length, offset);
    }

    static int preadv2(int fd, long iov, int count, long offset, int flags) {
        return (int) PREADV2.call(fd, iov, count, offset, flags);
    }

    static int pwritev2(int fd, long iov, int count, long offset, int flags) {
        return (int) PWRITEV2.call(fd, iov, count, offset, flags);
    }

    static int fdatasync(int fd) {
        return (int) FDATASYNC.call(fd);
    }

    static int fallocate(int fd, int mode, long offset, long length) {
        return (int) FALLOCATE.call(fd, mode, offset, length);
    }

    static long lseek(int fd, long offset, int whence) {
        return LSEEK.call(fd, offset, whence);
    }

    static int ioctl(int fd, long request, long argument) {
        return (int) IOCTL.call(fd, request, argument);
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
