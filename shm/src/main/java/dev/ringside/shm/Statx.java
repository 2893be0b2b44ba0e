package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What statx(2) says of an open file; its layout is the same on every architecture.
 *
 * @param mode type and permissions, S_IF... and bits
 * @param sizeBytes size; of a huge page file in whole pages
 * @param blockSizeBytes preferred block; of a huge page file the page
 * @param allocatedBytes bytes it takes up
 * @param deviceMajor the device that the file lies on
 * @param rawMajor the device that the file is, when it is one
 * @param directMemoryAlign memory alignment for O_DIRECT; 0 unknown
 * @param directOffsetAlign offset and length alignment for O_DIRECT; 0 unknown or impossible
 */
record Statx(
        int mode,
        long sizeBytes,
        int blockSizeBytes,
        long allocatedBytes,
        int deviceMajor,
        int deviceMinor,
        int rawMajor,
        int rawMinor,
        int directMemoryAlign,
        int directOffsetAlign) {
    static final int S_IFMT = 0xf000;
    static final int S_IFCHR = 0x2000;
    static final int S_IFDIR = 0x4000;
    static final int S_IFBLK = 0x6000;
    static final int S_IFREG = 0x8000;
    static final int S_IFSOCK = 0xc000;

    static final int AT_EMPTY_PATH = 0x1000;
    static final int AT_STATX_DONT_SYNC = 0x4000;
    static final int STATX_BASIC_STATS = 0x7ff;
    static final int STATX_DIOALIGN = 0x2000;

    private static final int SECTOR = 512;

    // struct statx
    static final int SIZE = 256;
    static final int MASK = 0;
    static final int BLKSIZE = 4;
    static final int MODE = 28;
    static final int FILE_SIZE = 40;
    static final int BLOCKS = 48;
    static final int RDEV_MAJOR = 128;
    static final int RDEV_MINOR = 132;
    static final int DEV_MAJOR = 136;
    static final int DEV_MINOR = 140;
    static final int DIO_MEM_ALIGN = 152;
    static final int DIO_OFFSET_ALIGN = 156;

    private static final CFunction STATX = CFunction.ofInt("statx");

    /** What the file system says, whoever that asks. */
    static Statx of(Fd fd) throws LinuxException {
        return of(fd, 0);
    }

    /** What the kernel knows of a file that a peer gave, whose file system might not answer. */
    static Statx known(Fd fd) throws LinuxException {
        return of(fd, AT_STATX_DONT_SYNC);
    }

    private static Statx of(Fd fd, int sync) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(SIZE, Long.BYTES);
            MemorySegment emptyPath = arena.allocateFrom("");
            long result =
                    STATX.call(
                            fd.number(),
                            emptyPath.address(),
                            AT_EMPTY_PATH | sync,
                            STATX_BASIC_STATS | STATX_DIOALIGN,
                            buffer.address());
            LinuxException.check(result, "statx " + fd);
            return new Statx(
                    Short.toUnsignedInt(buffer.get(JAVA_SHORT, MODE)),
                    buffer.get(JAVA_LONG, FILE_SIZE),
                    buffer.get(JAVA_INT, BLKSIZE),
                    buffer.get(JAVA_LONG, BLOCKS) * SECTOR,
                    buffer.get(JAVA_INT, DEV_MAJOR),
                    buffer.get(JAVA_INT, DEV_MINOR),
                    buffer.get(JAVA_INT, RDEV_MAJOR),
                    buffer.get(JAVA_INT, RDEV_MINOR),
                    buffer.get(JAVA_INT, DIO_MEM_ALIGN),
                    buffer.get(JAVA_INT, DIO_OFFSET_ALIGN));
        }
    }

    boolean isRegularFile() {
        return (mode & S_IFMT) == S_IFREG;
    }

    boolean isBlockDevice() {
        return (mode & S_IFMT) == S_IFBLK;
    }

    boolean isCharacterDevice() {
        return (mode & S_IFMT) == S_IFCHR;
    }
}
