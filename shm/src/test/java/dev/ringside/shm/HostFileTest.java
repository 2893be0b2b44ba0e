package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostFileTest {
    private static final int SIZE = 1 << 20;

    @TempDir private Path directory;
    private final NativeBuffer buffer = NativeBuffer.allocate(8192, 4096);
    private Path disk = Path.of("/");

    @BeforeEach
    void fill() throws Exception {
        disk = directory.resolve("disk");
        Files.write(disk, new byte[SIZE]);
    }

    @AfterEach
    void free() {
        buffer.close();
        buffer.close();
    }

    @Test
    void shouldReadWhatWasWrittenWhenDirect() throws Exception {
        try (HostFile file = HostFile.open(disk, false, true)) {
            buffer.segment().asSlice(0, 4096).fill((byte) 3);

            assertEquals(4096, file.pwrite(buffer.address(), 4096, 4096));
            assertEquals(0, file.fdatasync());
            assertEquals(4096, file.pread(buffer.address() + 4096, 4096, 4096));

            assertEquals(3, buffer.segment().get(JAVA_BYTE, 8191));
            assertEquals(3, Files.readAllBytes(disk)[4096]);
            assertEquals(0, file.pread(buffer.address(), 4096, SIZE));
            assertEquals(SIZE, file.sizeBytes());
            assertFalse(file.isBlockDevice());
            assertFalse(file.isReadOnly());
            assertEquals(disk, file.path());
        }
    }

    @Test
    void shouldTellAlignmentWhenDirectIsInForce() throws Exception {
        try (HostFile file = HostFile.open(disk, false, true)) {
            long alignment = file.directAlignment();

            assertEquals(
                    alignment,
                    Math.max(file.directMemoryAlignment(), file.directOffsetAlignment()));
            if (file.isDirect() && alignment > 1) {
                assertEquals(-Errno.EINVAL, file.pread(buffer.address() + 1, 4096, 1));
                assertEquals(alignment, file.pread(buffer.address(), (int) alignment, alignment));
            }
        }
    }

    @Test
    void shouldOpenWithoutDirectAndSayItWhenNotAskedFor() throws Exception {
        try (HostFile file = HostFile.open(disk, false, false)) {
            assertFalse(file.isDirect());
            assertEquals(100, file.pread(buffer.address() + 1, 100, 1));
            assertFalse(file.writeThrough());
        }
    }

    @Test
    void shouldRefuseWritesWhenReadOnly() throws Exception {
        try (HostFile file = HostFile.open(disk, true, false)) {
            assertEquals(-Errno.EBADF, file.pwrite(buffer.address(), 512, 0));
            assertTrue(file.isReadOnly());
            assertTrue(file.tryLock(false));
        }
    }

    @Test
    void shouldExcludeOthersWhenLocked() throws Exception {
        HostFile first = HostFile.open(disk, false, false);
        try (HostFile second = HostFile.open(disk, false, false)) {
            assertTrue(first.tryLock(true));
            assertFalse(second.tryLock(true));
            assertFalse(second.tryLock(false));

            first.close();

            assertTrue(second.tryLock(false));
            try (HostFile third = HostFile.open(disk, false, false)) {
                assertTrue(third.tryLock(false));
                assertFalse(third.tryLock(true));
            }
            assertTrue(second.tryLock(true));
        }
    }

    @Test
    void shouldExcludeOthersUntilTheLastDescriptionWithTheMarkIsClosed() throws Exception {
        HostFile first = HostFile.open(disk, false, false);
        try (HostFile second = HostFile.open(disk, false, false)) {
            assertTrue(first.tryLockContent());
            assertTrue(first.tryClaimIo());
            assertTrue(first.tryMarkIo());
            assertTrue(first.tryLockContent(), "it has that already");
            assertFalse(second.tryLockContent());
            assertFalse(second.tryClaimIo());
            HostFile own = first.reopen(false);
            HostFile side = first.reopen(false);
            first.close();
            side.close();
            assertTrue(second.tryLockContent());
            assertFalse(second.tryClaimIo(), "I/O may be under way on the other one");
            assertFalse(second.tryLock(true));

            own.close();

            assertTrue(second.tryClaimIo());
            assertTrue(second.tryMarkIo());
        }
    }

    @Test
    void shouldScatterWithoutWaitingWhenContentIsCached() throws Exception {
        buffer.segment().set(JAVA_LONG, 0, buffer.address() + 4096);
        buffer.segment().set(JAVA_LONG, 8, 10);
        buffer.segment().set(JAVA_LONG, 16, buffer.address() + 5000);
        buffer.segment().set(JAVA_LONG, 24, 20);
        try (HostFile file = HostFile.open(disk, false, false)) {
            assertEquals(30, file.pwritev2(buffer.address(), 2, 7, 0));

            int got = file.preadv2(buffer.address(), 2, 7, HostFile.RWF_NOWAIT);

            assertTrue(got == 30 || got == -Errno.EAGAIN, "got " + got);
            assertEquals(30, file.preadv2(buffer.address(), 2, 7, 0));
        }
    }

    @Test
    void shouldTellHolesFromDataWhenSparse() throws Exception {
        try (HostFile file = HostFile.open(disk, false, false)) {
            int punch = HostFile.FALLOC_FL_KEEP_SIZE | HostFile.FALLOC_FL_PUNCH_HOLE;
            assertEquals(0, file.fallocate(punch, 0, SIZE));

            assertEquals(-Errno.ENXIO, file.seekData(0));
            assertEquals(0, file.seekHole(0));
            assertEquals(4096, file.pwrite(buffer.address(), 4096, 65536));
            assertEquals(65536, file.seekData(0));
            assertEquals(65536 + 4096, file.seekHole(65536));
            assertTrue(file.allocatedBytes() < SIZE);
            file.truncate(4096);
            assertEquals(4096, file.sizeBytes());
        }
    }

    @Test
    void shouldDescribeItselfWhenRegularFile() throws Exception {
        try (HostFile file = HostFile.open(disk, false, false)) {
            assertEquals(512, file.logicalBlockSize());
            assertEquals(0, file.physicalBlockSize() % 512);
            assertEquals(file.physicalBlockSize(), file.minimumIoSize());
            assertEquals(0, file.optimalIoSize());
            assertEquals(-1, file.discardGranularity());
            assertEquals(-1, file.discardMaxBytes());
            assertEquals(-1, file.writeZeroesMaxBytes());
            assertNull(file.lifeTime());
            assertEquals(-Errno.ENOTTY, file.blkDiscard(0, 4096));
            assertEquals(-Errno.ENOTTY, file.blkZeroOut(0, 4096));
            assertEquals(-Errno.ENOTTY, file.blkSecureDiscard(0, 4096));
        }
    }

    @Test
    void shouldRefuseWithTheWayOutWhenFileIsNoDisk() throws Exception {
        long descriptors = Leaks.descriptors();
        LinuxException dir =
                assertThrows(LinuxException.class, () -> HostFile.open(directory, true, false));
        assertEquals(Errno.EINVAL, dir.errno());
        Path fifo = directory.resolve("fifo");
        // Without pipes of its own, which are closed some time after it ended.
        assertEquals(
                0, new ProcessBuilder("mkfifo", fifo.toString()).inheritIO().start().waitFor());

        // Opening one for reading would wait for a writer.
        LinuxException e =
                assertThrows(LinuxException.class, () -> HostFile.open(fifo, true, false));

        assertTrue(e.getMessage().contains("block device"), e.getMessage());
        assertEquals(descriptors, Leaks.descriptors());
    }
}
