package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileSystemTypeTest {
    private static final String MOUNTS =
            """
            24 1 254:0 / / rw,relatime - ext4 /dev/root rw,discard
            36 24 0:21 /a /mnt/one\\040 rw shared:1 - fuse.sshfs host:/ rw
            40 24 0:33 / /mnt/four rw,relatime - virtiofs home rw
            cut off
            """;

    @TempDir private Path directory = Path.of("/nonexistent");

    @Test
    void shouldFindTheTypeByTheDevice() {
        assertEquals("ext4", FileSystemType.mountedType(MOUNTS, "254:0"));
        assertEquals("fuse.sshfs", FileSystemType.mountedType(MOUNTS, "0:21"));
        assertEquals("virtiofs", FileSystemType.mountedType(MOUNTS, "0:33"));
        assertNull(FileSystemType.mountedType(MOUNTS, "0:2"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"fuse", "fuse.sshfs", "fuseblk", "nfs4", "9p", "virtiofs", "ceph"})
    void shouldKnowWhoAsksOthers(String type) {
        assertTrue(FileSystemType.asksOthers(type));
    }

    @Test
    void shouldTrustMemoryAndDisks() throws Exception {
        assertFalse(FileSystemType.asksOthers("ext4"));
        assertFalse(FileSystemType.asksOthers("tmpfs"));
        try (Fd memory = Memfd.create("memory", 4096)) {
            assertFalse(FileSystemType.canStall(memory, Statx.known(memory)));
        }
        Path file = Files.write(directory.resolve("file"), new byte[1]);
        try (HostFile open = HostFile.open(file, true, false);
                Fd same = Fd.adopt(Libc.fcntl(open.fd(), Libc.F_DUPFD_CLOEXEC, 0))) {
            assertFalse(FileSystemType.canStall(same, Statx.known(same)));
        }
    }

    /**
     * An eventfd, like a file of a file system that is not mounted here, has a device of no disk.
     */
    @Test
    void shouldNotTrustWhatItDoesNotKnow() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertTrue(FileSystemType.canStall(event.fd(), Statx.known(event.fd())));
        }
    }
}
