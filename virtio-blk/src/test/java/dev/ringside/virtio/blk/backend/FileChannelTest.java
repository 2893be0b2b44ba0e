package dev.ringside.virtio.blk.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Errno;
import dev.ringside.shm.HostFile;
import dev.ringside.virtio.blk.backend.FileOptions.Direct;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a file channel asks of the kernel, and what it makes of the answers. */
class FileChannelTest {
    private static final int CAPACITY = 4 << 20;

    @TempDir(factory = OnDisk.class)
    private Path directory;

    private final List<ScriptedRing> rings = new ArrayList<>();
    private final TestShard shard;

    FileChannelTest() throws Exception {
        shard = new TestShard(16);
        directory = Path.of("target");
    }

    @AfterEach
    void close() {
        shard.close();
    }

    private FileBackend open(Direct direct) throws Exception {
        FileOptions options =
                FileOptions.of(Host.sparseFile(directory, "disk", CAPACITY), false)
                        .withDirect(direct);
        return FileBackend.open(
                options,
                ring -> {
                    rings.add(new ScriptedRing(ring, null));
                    return rings.getLast();
                });
    }

    private ScriptedRing ring() {
        return rings.getFirst();
    }

    @Test
    void shouldMoveDataWithoutCopyingWhenItIsAligned() throws Exception {
        try (FileBackend backend = open(Direct.ON);
                TestChannel channel = new TestChannel(shard, backend, 1, 65536)) {
            assertEquals(0, channel.write(0, new byte[65536], 0, 4096, 512, 65536 - 4608));
            assertEquals(
                    List.of("writev"),
                    ring().calls().stream().map(ScriptedRing.Call::operation).toList());
        }
    }

    @Test
    void shouldSyncOnceForAllFlushesThatWait() throws Exception {
        try (FileBackend backend = open(Direct.ON);
                TestChannel channel = new TestChannel(shard, backend, 10, 4096)) {
            for (int i = 0; i < 10; i++) {
                channel.submit(i, BlockOperation.FLUSH, 0, 0, false, false);
            }
            channel.awaitAll();
            assertEquals(2, ring().count("fdatasync"), "the first one's, and one for the rest");
        }
    }

    @Test
    void shouldSyncForEveryFlushWhenOneComesAfterTheOther() throws Exception {
        try (FileBackend backend = open(Direct.OFF);
                TestChannel channel = new TestChannel(shard, backend, 1, 4096)) {
            for (int i = 0; i < 5; i++) {
                assertEquals(0, channel.run(BlockOperation.FLUSH, 0, 0));
            }
            assertEquals(5, ring().count("fdatasync"));
        }
    }

    @Test
    void shouldSyncAfterTheWriteWhenItIsDurableAndBuffered() throws Exception {
        try (FileBackend backend = open(Direct.OFF);
                TestChannel channel = new TestChannel(shard, backend, 1, 4096)) {
            channel.layOut(0, 0, 4096);
            channel.submit(0, BlockOperation.WRITE, 0, 4096, true, false);
            assertEquals(0, channel.await(0));
            assertEquals(
                    List.of("write", "fdatasync"),
                    ring().calls().stream().map(ScriptedRing.Call::operation).toList());
        }
    }

    @Test
    void shouldWriteWithDsyncWhenItIsDurableAndDirect() throws Exception {
        try (FileBackend backend = open(Direct.ON);
                TestChannel channel = new TestChannel(shard, backend, 1, 8192)) {
            channel.layOut(0, 0, 4096);
            channel.submit(0, BlockOperation.WRITE, 0, 4096, true, false);
            assertEquals(0, channel.await(0));
            channel.layOut(0, 1, 4096);
            channel.submit(0, BlockOperation.WRITE, 0, 4096, true, false);
            assertEquals(0, channel.await(0));
            channel.submit(0, BlockOperation.WRITE_ZEROES, 0, 4096, true, false);
            assertEquals(0, channel.await(0));

            List<ScriptedRing.Call> calls = ring().calls();
            assertEquals(
                    List.of("writev", "write", "fdatasync", "fallocate", "fdatasync"),
                    calls.stream().map(ScriptedRing.Call::operation).toList());
            assertEquals(HostFile.RWF_DSYNC, calls.getFirst().flags());
        }
    }

    @Test
    void shouldRefuseEveryFlushWhenOneHasFailed() throws Exception {
        try (FileBackend backend = open(Direct.OFF);
                TestChannel channel = new TestChannel(shard, backend, 1, 4096);
                TestShard otherShard = new TestShard(8);
                TestChannel other = new TestChannel(otherShard, backend, 1, 4096)) {
            ring().script(-Errno.EIO);
            assertEquals(-Errno.EIO, channel.run(BlockOperation.FLUSH, 0, 0));
            assertEquals(-Errno.EIO, channel.run(BlockOperation.FLUSH, 0, 0));
            assertEquals(-Errno.EIO, other.run(BlockOperation.FLUSH, 0, 0));
            other.layOut(0, 0, 4096);
            other.submit(0, BlockOperation.WRITE, 0, 4096, true, false);
            assertEquals(-Errno.EIO, other.await(0));
            assertEquals(1, ring().count("fdatasync"));
        }
    }

    @Test
    void shouldFailAllFlushesInFlightWhenAnotherChannelLearnsOfALoss() throws Exception {
        try (FileBackend backend = open(Direct.OFF);
                TestChannel channel = new TestChannel(shard, backend, 1, 4096);
                TestShard otherShard = new TestShard(8);
                TestChannel other = new TestChannel(otherShard, backend, 1, 4096)) {
            channel.submit(0, BlockOperation.FLUSH, 0, 0, false, false);
            rings.get(1).script(-Errno.ENOSPC);
            assertEquals(-Errno.ENOSPC, other.run(BlockOperation.FLUSH, 0, 0));
            assertEquals(-Errno.ENOSPC, channel.await(0), "its own fdatasync succeeded");
        }
    }

    @Test
    void shouldTellTheErrorAndGoOnWhenAnOperationFails() throws Exception {
        Random random = TestSeed.random("FileChannelTest");
        byte[] data = TestSeed.bytes(random, 4096);
        try (FileBackend backend = open(Direct.ON);
                TestChannel channel = new TestChannel(shard, backend, 1, 4096)) {
            for (int errno : new int[] {Errno.EIO, Errno.ENOSPC, Errno.EDQUOT, Errno.EFAULT}) {
                ring().script(-errno);
                assertEquals(-errno, channel.write(0, data));
            }
            assertEquals(0, channel.write(0, data));
            assertArrayEquals(data, channel.read(0, 4096));
        }
    }

    @Test
    void shouldFailWhenTheFileEndsBeforeItsCapacity() throws Exception {
        try (FileBackend backend = open(Direct.ON);
                TestChannel channel = new TestChannel(shard, backend, 1, 8192)) {
            Host.sparseFile(directory, "disk", CAPACITY / 2 + 4096);
            channel.layOut(0, 0, 8192);
            assertEquals(-Errno.EIO, channel.run(BlockOperation.READ, CAPACITY / 2, 8192));
            assertEquals(-Errno.EIO, channel.run(BlockOperation.READ, CAPACITY - 8192, 8192));
        }
    }

    @Test
    void shouldBounceWhenTheFileSystemWantsMoreAlignmentThanItTells() throws Exception {
        Random random = TestSeed.random("FileChannelTest");
        byte[] data = TestSeed.bytes(random, 8192);
        try (FileBackend backend = open(Direct.ON);
                TestChannel channel = new TestChannel(shard, backend, 1, 8192)) {
            ring().script(-Errno.EINVAL);
            assertEquals(0, channel.write(4096, data, 512, 512, 7680));
            assertArrayEquals(data, channel.read(4096, 8192));
        }
    }

    @Test
    void shouldWriteZeroesWhenNothingElseWorks() throws Exception {
        Random random = TestSeed.random("FileChannelTest");
        try (FileBackend backend = open(Direct.ON);
                TestChannel channel = new TestChannel(shard, backend, 1, 1 << 20)) {
            assertEquals(0, channel.write(0, TestSeed.bytes(random, 1 << 20)));
            ring().script(-Errno.EOPNOTSUPP, -Errno.EOPNOTSUPP);
            channel.submit(0, BlockOperation.WRITE_ZEROES, 0, 1 << 20, false, true);
            assertEquals(0, channel.await(0));
            assertArrayEquals(new byte[1 << 20], channel.read(0, 1 << 20));
            long zeroWrites = (1 << 20) / Zeroes.BYTES;
            assertEquals(1 + zeroWrites, ring().count("write"), "in bounded pieces");
        }
    }

    @Test
    void shouldMakeHolesWhenDiscarding() throws Exception {
        Random random = TestSeed.random("FileChannelTest");
        try (FileBackend backend = open(Direct.ON);
                TestChannel channel = new TestChannel(shard, backend, 1, 1 << 20);
                HostFile file = HostFile.open(directory.resolve("disk"), true, false)) {
            assertEquals(0, channel.write(0, TestSeed.bytes(random, 1 << 20)));
            long full = file.allocatedBytes();
            assertEquals(0, channel.run(BlockOperation.DISCARD, 0, 1 << 19));
            assertTrue(file.allocatedBytes() <= full - (1 << 19));
            channel.submit(0, BlockOperation.WRITE_ZEROES, 1 << 19, 1 << 19, false, true);
            assertEquals(0, channel.await(0));
            assertTrue(file.allocatedBytes() <= full - (1 << 20));
        }
    }

    @Test
    void shouldReadInlineWhenThePageCacheHasIt() throws Exception {
        Random random = TestSeed.random("FileChannelTest");
        byte[] data = TestSeed.bytes(random, 65536);
        try (FileBackend backend = open(Direct.OFF);
                TestChannel channel = new TestChannel(shard, backend, 1, 65536)) {
            assertEquals(0, channel.write(0, data));
            int before = ring().calls().size();
            assertArrayEquals(data, channel.read(0, 65536));
            assertEquals(before, ring().calls().size(), "the ring was not needed");
        }
    }

    @Test
    void shouldRetryWhenInterruptedOrBusy() throws Exception {
        try (FileBackend backend = open(Direct.ON);
                TestChannel channel = new TestChannel(shard, backend, 1, 4096)) {
            ring().script(-Errno.EAGAIN, -Errno.EINTR, ScriptedRing.PASS);
            assertEquals(0, channel.write(0, new byte[4096]));
            ring().script(-Errno.EINTR, -Errno.EAGAIN, ScriptedRing.PASS);
            assertEquals(0, channel.run(BlockOperation.FLUSH, 0, 0));
            assertFalse(channel.channel().congested());
        }
    }
}
