package dev.ringside.shm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether somebody outside the kernel answers page faults on a file, and so can leave us waiting.
 * Nobody but the kernel is asked: fstatfs(2) of such a file may wait just as long.
 */
final class FileSystemType {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final int DEVICE_FIELD = 2;
    private static final String BEFORE_TYPE = " - ";

    /**
     * Types as in /proc/filesystems; FUSE has more than one, and may have one of its own behind.
     */
    private static final Set<String> ASK_OTHERS =
            Set.of("nfs", "nfs4", "9p", "cifs", "smb3", "ceph", "virtiofs");

    private static final String FUSE = "fuse";

    private FileSystemType() {}

    /**
     * Whether a page fault on a file may wait for somebody. Also true when that cannot be known: of
     * a file without a block device on a file system that is mounted elsewhere only.
     *
     * @param file what is known of it
     */
    static boolean canStall(Fd fd, Statx file) throws LinuxException {
        // Only files in memory, tmpfs and hugetlbfs, have seals.
        if (Libc.fcntl(fd.number(), Memfd.F_GET_SEALS, 0) >= 0) {
            return false;
        }
        try {
            String device = file.deviceMajor() + ":" + file.deviceMinor();
            String type = mountedType(Files.readString(MOUNTS), device);
            return type == null ? file.deviceMajor() == 0 : asksOthers(type);
        } catch (IOException e) {
            throw new LinuxException("read " + MOUNTS, Errno.EIO, e.toString());
        }
    }

    /** What /proc/self/mountinfo says of a device, as MAJOR:MINOR; null: it has no such line. */
    static @Nullable String mountedType(String mounts, String device) {
        for (String line : mounts.lines().toList()) {
            String[] fields = line.split(" ", DEVICE_FIELD + 2);
            int at = line.indexOf(BEFORE_TYPE);
            if (fields.length > DEVICE_FIELD && fields[DEVICE_FIELD].equals(device) && at > 0) {
                String type = line.substring(at + BEFORE_TYPE.length());
                return type.substring(0, Math.max(0, type.indexOf(' ')));
            }
        }
        return null;
    }

    /** Whether files of this type are served by a process or another machine. */
    static boolean asksOthers(String type) {
        return ASK_OTHERS.contains(type) || type.startsWith(FUSE);
    }
}
