package dev.ringside.shm;

/** Constants and layouts of fcntl.h, linux/fs.h and linux/falloc.h; a test checks them. */
final class FileSpec {
    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_EXCL = 0x80;
    static final int O_CLOEXEC = 0x80000;
    static final int O_WRONLY = 1;
    static final int O_NONBLOCK = Libc.O_NONBLOCK;
    static final int O_DIRECT = Native.ARCH == Native.Arch.X86_64 ? 0x4000 : 0x10000;

    static final int F_OFD_SETLK = 37;
    static final short F_RDLCK = 0;
    static final short F_WRLCK = 1;

    // struct flock; all other fields stay 0. A start and a length of 0: the whole file
    static final int FLOCK_TYPE = 0;
    static final int FLOCK_START = 8;
    static final int FLOCK_LENGTH = 16;
    static final int FLOCK_SIZE = 32;

    static final long BLKSSZGET = 0x1268;
    static final long BLKDISCARD = 0x1277;
    static final long BLKIOMIN = 0x1278;
    static final long BLKIOOPT = 0x1279;
    static final long BLKPBSZGET = 0x127b;
    static final long BLKSECDISCARD = 0x127d;
    static final long BLKZEROOUT = 0x127f;
    static final long BLKGETSIZE64 = 0x80081272L;

    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;

    private FileSpec() {}
}
