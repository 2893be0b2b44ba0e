package dev.ringside.shm;

import java.lang.foreign.Arena;

/** memfd_create(2) and file seals (fcntl(2)). Any thread. */
public final class Memfd {
    public static final int F_SEAL_SEAL = 1;
    public static final int F_SEAL_SHRINK = 2;
    public static final int F_SEAL_GROW = 4;
    public static final int F_SEAL_WRITE = 8;

    static final int MFD_CLOEXEC = 1;
    static final int MFD_ALLOW_SEALING = 2;
    static final int MFD_HUGETLB = 4;
    static final int MFD_HUGE_SHIFT = 26;
    static final int F_ADD_SEALS = 1033;
    static final int F_GET_SEALS = 1034;

    private static final CFunction MEMFD_CREATE = CFunction.ofInt("memfd_create");
    private static final CFunction FTRUNCATE = CFunction.ofInt("ftruncate");

    private Memfd() {}

    /**
     * A new anonymous file of a size, sealable and close-on-exec.
     *
     * @param name seen in /proc/PID/maps; up to 249 bytes
     */
    public static Fd create(String name, long sizeBytes) throws LinuxException {
        return create(name, sizeBytes, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }

    /**
     * Like {@link #create}, made of huge pages (hugetlbfs).
     *
     * @param hugePageBytes a page size that the kernel has, a power of two
     * @throws LinuxException ENODEV when it has no such pages; memory itself may still lack
     */
    public static Fd createHuge(String name, long sizeBytes, long hugePageBytes)
            throws LinuxException {
        if (Long.bitCount(hugePageBytes) != 1) {
            throw new IllegalArgumentException(
                    "huge page size " + hugePageBytes + " is not a power of two");
        }
        int size = Long.numberOfTrailingZeros(hugePageBytes) << MFD_HUGE_SHIFT;
        return create(name, sizeBytes, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | size);
    }

    private static Fd create(String name, long sizeBytes, int flags) throws LinuxException {
        Fd fd;
        try (Arena arena = Arena.ofConfined()) {
            int result = (int) MEMFD_CREATE.call(arena.allocateFrom(name).address(), flags);
            fd = Fd.adopt(LinuxException.check(result, "memfd_create " + name));
        }
        try {
            truncate(fd, sizeBytes);
            return fd;
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Adds seals, F_SEAL_...; EPERM when sealing is not allowed, EBUSY when a mapping forbids it.
     */
    public static void seal(Fd fd, int seals) throws LinuxException {
        LinuxException.check(
                Libc.fcntl(fd.number(), F_ADD_SEALS, seals), "fcntl F_ADD_SEALS " + fd);
    }

    /** The seals that a file has; EINVAL when its file system knows none. */
    public static int seals(Fd fd) throws LinuxException {
        return LinuxException.check(
                Libc.fcntl(fd.number(), F_GET_SEALS, 0), "fcntl F_GET_SEALS " + fd);
    }

    /** Sets a file's size in bytes (ftruncate(2)). */
    public static void truncate(Fd fd, long sizeBytes) throws LinuxException {
        int result = (int) FTRUNCATE.call(fd.number(), sizeBytes);
        LinuxException.check(result, "ftruncate " + fd + " to " + sizeBytes);
    }
}
