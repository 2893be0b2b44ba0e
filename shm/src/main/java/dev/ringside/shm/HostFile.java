package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A regular file or block device of the host that holds a disk, and every system call that serving
 * it needs. Calls that return int give the negative error number instead of throwing. Any thread;
 * close it when no I/O is in flight.
 */
public final class HostFile implements AutoCloseable {
    /** Modes of {@link #fallocate}, linux/falloc.h. */
    public static final int FALLOC_FL_KEEP_SIZE = 1;

    public static final int FALLOC_FL_PUNCH_HOLE = 2;
    public static final int FALLOC_FL_ZERO_RANGE = 0x10;

    /** Flags of {@link #preadv2} and {@link #pwritev2}, linux/fs.h: as by O_DSYNC. */
    public static final int RWF_DSYNC = 2;

    /** Fail with -EAGAIN instead of waiting. */
    public static final int RWF_NOWAIT = 8;

    private static final int SECTOR = 512;
    private static final int DEFAULT_BLOCK = 4096;
    private static final int MAX_BLOCK = 1 << 16;

    /** A byte that no file has. */
    private static final long IO_MARK = 1L << 62;

    private final Path path;
    private final Fd fd;
    private final boolean readOnly;
    private final boolean direct;
    private final Statx stat;
    private final @Nullable BlockSysfs sysfs;
    private volatile boolean marked;

    private HostFile(Path path, Fd fd, boolean readOnly, boolean direct, Statx stat) {
        this.path = path;
        this.fd = fd;
        this.readOnly = readOnly;
        this.direct = direct;
        this.stat = stat;
        this.sysfs =
                stat.isBlockDevice()
                        ? BlockSysfs.find(BlockSysfs.ROOT, stat.rawMajor(), stat.rawMinor())
                        : null;
    }

    /**
     * Opens a file.
     *
     * <p>A block device to be written is opened exclusively (O_EXCL): not while the host has it, a
     * partition of it, or a device made of it mounted.
     *
     * @param direct whether to go past the page cache (O_DIRECT); where the file system cannot, the
     *     file is opened without, and {@link #isDirect} tells
     * @throws LinuxException what open(2) says; EINVAL when it is neither file nor block device
     */
    public static HostFile open(Path path, boolean readOnly, boolean direct) throws LinuxException {
        int access =
                (readOnly ? FileSpec.O_RDONLY : FileSpec.O_RDWR)
                        | FileSpec.O_CLOEXEC
                        // Opening a FIFO or a tape shall not wait.
                        | FileSpec.O_NONBLOCK;
        String name = path.toString();
        boolean gotDirect = direct;
        int number = FileCalls.open(name, access | (direct ? FileSpec.O_DIRECT : 0));
        if (number == -Errno.EINVAL && direct) {
            gotDirect = false;
            number = FileCalls.open(name, access);
        }
        if (number < 0) {
            throw new LinuxException("open " + path, -number, hint(-number, readOnly));
        }
        Fd fd = Fd.adopt(number);
        try {
            Statx stat = Statx.of(fd);
            if (!stat.isRegularFile() && !stat.isBlockDevice()) {
                throw new LinuxException(
                        "open " + path,
                        Errno.EINVAL,
                        "it is neither a regular file nor a block device");
            }
            if (stat.isBlockDevice() && !readOnly) {
                fd = reopenExclusively(path, fd, access | (gotDirect ? FileSpec.O_DIRECT : 0));
            }
            // io_uring would answer EAGAIN instead of waiting for a file that is O_NONBLOCK.
            LinuxException.check(
                    Libc.fcntl(fd.number(), Libc.F_SETFL, gotDirect ? FileSpec.O_DIRECT : 0),
                    "fcntl F_SETFL " + path);
            return new HostFile(path, fd, readOnly, gotDirect, stat);
        } catch (LinuxException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * A file that another process has opened: with the same position, flags and lock.
     *
     * @param path what it is called
     * @param fd consumed: closed when this method throws
     * @param readOnly whether it was opened for reading only
     */
    public static HostFile adopt(Path path, Fd fd, boolean readOnly) throws LinuxException {
        try {
            int flags =
                    LinuxException.check(
                            Libc.fcntl(fd.number(), Libc.F_GETFL, 0), "fcntl F_GETFL " + path);
            boolean direct = (flags & FileSpec.O_DIRECT) != 0;
            return new HostFile(path, fd, readOnly, direct, Statx.of(fd));
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
    }

    private static Fd reopenExclusively(Path path, Fd shared, int flags) throws LinuxException {
        try (shared) {
            int number =
                    FileCalls.open("/proc/self/fd/" + shared.number(), flags | FileSpec.O_EXCL);
            if (number < 0) {
                throw new LinuxException("open " + path, -number, hint(-number, false));
            }
            return Fd.adopt(number);
        }
    }

    /**
     * Another description of the same open file: its own O_DIRECT, its own error state for
     * fdatasync. What this one holds exclusively stays held by it; the mark of {@link #tryMarkIo}
     * is held by both.
     *
     * @throws LinuxException what open(2) says; EINVAL when the file system cannot go direct
     */
    public HostFile reopen(boolean directWanted) throws LinuxException {
        int wanted = directWanted ? FileSpec.O_DIRECT : 0;
        int access = (readOnly ? FileSpec.O_RDONLY : FileSpec.O_RDWR) | FileSpec.O_CLOEXEC;
        int number = FileCalls.open("/proc/self/fd/" + fd.number(), access | wanted);
        LinuxException.check(number, "open " + path + " once more");
        HostFile other = new HostFile(path, Fd.adopt(number), readOnly, directWanted, stat);
        try {
            if (marked && !other.tryMarkIo()) {
                throw new LinuxException("lock " + path, Errno.EAGAIN);
            }
            return other;
        } catch (LinuxException e) {
            other.close();
            throw e;
        }
    }

    private static String hint(int errno, boolean readOnly) {
        return switch (errno) {
            case Errno.EBUSY ->
                    "it is mounted, in use (swap, RAID, LVM) or served already; release it";
            case Errno.EROFS, Errno.EPERM, Errno.EACCES, Errno.ETXTBSY ->
                    readOnly ? "" : "serve it read-only, or make it writable for this user";
            default -> "";
        };
    }

    /** The descriptor's number, for io_uring. */
    public int fd() {
        return fd.number();
    }

    /** The descriptor, still owned by this object: to hand it to another process. */
    public Fd descriptor() {
        return fd;
    }

    /** The path it was opened by. */
    public Path path() {
        return path;
    }

    /** Whether it was opened for reading only. */
    public boolean isReadOnly() {
        return readOnly;
    }

    /** Whether O_DIRECT is in force. */
    public boolean isDirect() {
        return direct;
    }

    /** Whether it is a block device, else a regular file. */
    public boolean isBlockDevice() {
        return stat.isBlockDevice();
    }

    /** The size in bytes, asked of the kernel each time: files and devices grow. */
    public long sizeBytes() throws LinuxException {
        if (isBlockDevice()) {
            return LinuxException.check(
                    FileCalls.ioctlNumber(fd(), FileSpec.BLKGETSIZE64, Long.BYTES),
                    "ioctl BLKGETSIZE64 " + path);
        }
        return Statx.of(fd).sizeBytes();
    }

    /** Bytes that the file takes up; less than its size when it is sparse. */
    public long allocatedBytes() throws LinuxException {
        return Statx.of(fd).allocatedBytes();
    }

    /** The smallest unit that the device reads and writes; 512 for a file. */
    public int logicalBlockSize() {
        return isBlockDevice() ? deviceNumber(FileSpec.BLKSSZGET, SECTOR) : SECTOR;
    }

    /** The unit that the medium writes without reading first; of a file the file system's block. */
    public int physicalBlockSize() {
        if (isBlockDevice()) {
            return deviceNumber(FileSpec.BLKPBSZGET, logicalBlockSize());
        }
        int block = stat.blockSizeBytes();
        boolean usable = Integer.bitCount(block) == 1 && block >= SECTOR && block <= MAX_BLOCK;
        return usable ? block : DEFAULT_BLOCK;
    }

    /** The device's preferred minimum of I/O in bytes; of a file its physical block size. */
    public int minimumIoSize() {
        int physical = physicalBlockSize();
        return isBlockDevice() ? deviceNumber(FileSpec.BLKIOMIN, physical) : physical;
    }

    /** The device's optimal I/O size in bytes; 0 when it has none. */
    public int optimalIoSize() {
        return isBlockDevice() ? deviceNumber(FileSpec.BLKIOOPT, 0) : 0;
    }

    private int deviceNumber(long request, int fallback) {
        long value = FileCalls.ioctlNumber(fd(), request, Integer.BYTES);
        return value > 0 ? (int) value : fallback;
    }

    /**
     * The alignment of memory, offset and length that O_DIRECT asks for (statx(2), STATX_DIOALIGN;
     * else a block device's logical block); 0 when it is not known.
     */
    public long directAlignment() {
        return Math.max(directMemoryAlignment(), directOffsetAlignment());
    }

    /** The alignment of memory that O_DIRECT asks for; 0 when it is not known. */
    public int directMemoryAlignment() {
        return stat.directMemoryAlign() > 0 ? stat.directMemoryAlign() : deviceAlignment();
    }

    /** The alignment of offset and length that O_DIRECT asks for; 0 when it is not known. */
    public int directOffsetAlignment() {
        return stat.directOffsetAlign() > 0 ? stat.directOffsetAlign() : deviceAlignment();
    }

    private int deviceAlignment() {
        return isBlockDevice() ? logicalBlockSize() : 0;
    }

    /**
     * Locks the whole file for this open file (open file description lock, fcntl(2)): until closed,
     * whoever else locks is refused. The kernel closes it when its process has ended and the last
     * I/O that it had begun is done.
     *
     * @param exclusive against everybody, needs write access; else only against exclusive locks
     * @return false when somebody else holds a lock in the way
     */
    public boolean tryLock(boolean exclusive) throws LinuxException {
        return tryLock(exclusive ? FileSpec.F_WRLCK : FileSpec.F_RDLCK, 0, 0);
    }

    /**
     * Locks the file exclusively but for the mark of those that do I/O on it. Succeeds for an open
     * file that has this lock already, as one does that another process handed over.
     *
     * @return false when another open file has a lock in the way
     */
    public boolean tryLockContent() throws LinuxException {
        return tryLock(FileSpec.F_WRLCK, 0, IO_MARK);
    }

    /**
     * Takes the mark of those that do I/O on the file for this open file alone: nobody else holds
     * it then, so nobody's I/O is under way, not even that of a process that has died.
     *
     * @return false when another open file holds it
     */
    public boolean tryClaimIo() throws LinuxException {
        return tryLock(FileSpec.F_WRLCK, IO_MARK, 1);
    }

    /**
     * Holds the mark of those that do I/O on the file, together with others that hold it, until
     * this open file is closed; each {@link #reopen}ed one holds it too.
     *
     * @return false when another open file has it alone
     */
    public boolean tryMarkIo() throws LinuxException {
        marked = tryLock(FileSpec.F_RDLCK, IO_MARK, 1);
        return marked;
    }

    private boolean tryLock(short type, long start, long length) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment lock = arena.allocate(FileSpec.FLOCK_SIZE, Long.BYTES);
            lock.set(JAVA_SHORT, FileSpec.FLOCK_TYPE, type);
            lock.set(JAVA_LONG, FileSpec.FLOCK_START, start);
            lock.set(JAVA_LONG, FileSpec.FLOCK_LENGTH, length);
            int result = Libc.fcntl(fd(), FileSpec.F_OFD_SETLK, lock.address());
            if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
                return false;
            }
            LinuxException.check(result, "fcntl F_OFD_SETLK " + path);
            return true;
        }
    }

    /** pread(2); may wait. */
    public int pread(long address, int length, long offset) {
        return FileCalls.pread(fd(), address, length, offset);
    }

    /** pwrite(2); may wait. */
    public int pwrite(long address, int length, long offset) {
        return FileCalls.pwrite(fd(), address, length, offset);
    }

    /** preadv2(2); with {@link #RWF_NOWAIT} it does not wait, for the data path. */
    public int preadv2(long iov, int count, long offset, int flags) {
        return FileCalls.preadv2(fd(), iov, count, offset, flags);
    }

    /** pwritev2(2); with {@link #RWF_NOWAIT} it does not wait, for the data path. */
    public int pwritev2(long iov, int count, long offset, int flags) {
        return FileCalls.pwritev2(fd(), iov, count, offset, flags);
    }

    /** fdatasync(2); may wait long. */
    public int fdatasync() {
        return FileCalls.fdatasync(fd());
    }

    /** fallocate(2) with FALLOC_FL_... mode; may wait. Block devices punch and zero by it, too. */
    public int fallocate(int mode, long offset, long length) {
        return FileCalls.fallocate(fd(), mode, offset, length);
    }

    /** Ioctl BLKDISCARD: the content becomes undefined; may wait. */
    public int blkDiscard(long offset, long length) {
        return FileCalls.ioctlRange(fd(), FileSpec.BLKDISCARD, offset, length);
    }

    /** Ioctl BLKZEROOUT: the content becomes zero; may wait. */
    public int blkZeroOut(long offset, long length) {
        return FileCalls.ioctlRange(fd(), FileSpec.BLKZEROOUT, offset, length);
    }

    /** Ioctl BLKSECDISCARD: content and copies of it are erased; may wait. */
    public int blkSecureDiscard(long offset, long length) {
        return FileCalls.ioctlRange(fd(), FileSpec.BLKSECDISCARD, offset, length);
    }

    /** Where the next data is at or after an offset (SEEK_DATA); -ENXIO: only a hole follows. */
    public long seekData(long offset) {
        return FileCalls.lseek(fd(), offset, FileSpec.SEEK_DATA);
    }

    /** Where the next hole is at or after an offset (SEEK_HOLE); at the latest the end. */
    public long seekHole(long offset) {
        return FileCalls.lseek(fd(), offset, FileSpec.SEEK_HOLE);
    }

    /** Sets a regular file's size in bytes. */
    public void truncate(long sizeBytes) throws LinuxException {
        Memfd.truncate(fd, sizeBytes);
    }

    /**
     * Whether a finished write is on the medium without a flush, so that no volatile cache need be
     * offered: a block device, opened O_DIRECT, whose queue says "write through".
     *
     * <p>Never so for a regular file, whatever lies below its file system: a write into a hole or
     * beyond the end is there after a crash only when the file system's journal is, which fdatasync
     * brings about.
     */
    public boolean writeThrough() {
        return direct && sysfs != null && sysfs.writeThrough();
    }

    /** Bytes in which the device discards (sysfs discard_granularity); -1 when not known. */
    public long discardGranularity() {
        return sysfs == null ? -1 : sysfs.number("queue/discard_granularity");
    }

    /** The most bytes the device discards at once; 0: it cannot; -1 when not known. */
    public long discardMaxBytes() {
        return sysfs == null ? -1 : sysfs.number("queue/discard_max_bytes");
    }

    /** The most bytes the device zeroes at once by a command of its own; 0: none; -1 unknown. */
    public long writeZeroesMaxBytes() {
        return sysfs == null ? -1 : sysfs.number("queue/write_zeroes_max_bytes");
    }

    /** The wear of an eMMC device; null when this is none. Reads sysfs each time. */
    public @Nullable LifeTime lifeTime() {
        return sysfs == null ? null : sysfs.lifeTime();
    }

    /** Closes the file and drops its lock; does nothing the second time. */
    @Override
    public void close() {
        fd.close();
    }
}
