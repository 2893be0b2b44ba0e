package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The type of a file's file system: fstatfs(2) and linux/magic.h. */
final class FileSystemType {
    static final long TMPFS_MAGIC = 0x01021994;
    static final long FUSE_SUPER_MAGIC = 0x65735546;
    static final long NFS_SUPER_MAGIC = 0x6969;
    static final long V9FS_MAGIC = 0x01021997;
    static final long SMB_SUPER_MAGIC = 0x517b;
    static final long CIFS_SUPER_MAGIC = 0xff534d42L;
    static final long SMB2_SUPER_MAGIC = 0xfe534d42L;
    static final long CEPH_SUPER_MAGIC = 0x00c36400;

    // struct statfs
    static final int TYPE = 0;
    static final int SIZE = 120;

    private static final MethodHandle FSTATFS =
            Native.function("fstatfs", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));

    private FileSystemType() {}

    static long of(Fd fd) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(SIZE, Long.BYTES);
            MemorySegment state = Native.state();
            int result;
            try {
                result = (int) FSTATFS.invokeExact(state, fd.number(), buffer.address());
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
            LinuxException.check(result < 0 ? Native.error(state) : result, "fstatfs " + fd);
            return buffer.get(JAVA_LONG, TYPE);
        }
    }

    /** Whether somebody outside the kernel answers page faults, and so can leave us waiting. */
    static boolean canStall(long type) {
        return type == FUSE_SUPER_MAGIC
                || type == NFS_SUPER_MAGIC
                || type == V9FS_MAGIC
                || type == SMB_SUPER_MAGIC
                || type == CIFS_SUPER_MAGIC
                || type == SMB2_SUPER_MAGIC
                || type == CEPH_SUPER_MAGIC;
    }
}
