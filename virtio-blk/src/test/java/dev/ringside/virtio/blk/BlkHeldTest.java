package dev.ringside.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Errno;
import dev.ringside.virtio.blk.backend.BlockOperation;
import dev.ringside.virtio.blk.backend.BlockTraits;
import dev.ringside.virtio.blk.backend.FakeBackend;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that the storage fails and that wait for it, in a time that the test makes. */
class BlkHeldTest {
    private static final int OK = BlkSpec.VIRTIO_BLK_S_OK;
    private static final int IOERR = BlkSpec.VIRTIO_BLK_S_IOERR;
    private static final BlockTraits TRAITS =
            new BlockTraits(512, 4096, false, false, false, true, 512, true, true, true);
    private static final byte[] NONE = {};
    private static final byte[] SECTOR = new byte[512];
    private static final long MS_NS = 1_000_000;

    private final FakeBackend backend = new FakeBackend(TRAITS, 1 << 20);
    private final AtomicInteger told = new AtomicInteger();
    private TestDisk disk;

    BlkHeldTest() throws Exception {
        disk = disk(ErrorPolicy.HOLD);
    }

    private TestDisk disk(ErrorPolicy policy) throws Exception {
        TestDisk made = new TestDisk(BlkConfig.named("disk").withOnError(policy), backend);
        made.budget = 100;
        made.shard.stopClock();
        made.device.onNews(told::incrementAndGet);
        return made;
    }

    @AfterEach
    void close() {
        disk.worker.beginDrain();
        while (!disk.worker.drained()) {
            disk.turn();
            while (!backend.submitted().isEmpty()) {
                backend.complete(0);
            }
        }
        disk.close();
    }

    private TestDisk.Pending write() {
        return disk.submit(BlkSpec.VIRTIO_BLK_T_OUT, 0, SECTOR, 0);
    }

    private @Nullable String trouble() {
        return disk.device.attributes().get("trouble");
    }

    private boolean answered(TestDisk.Pending pending) {
        disk.turn();
        return disk.guest.isDone(pending.head());
    }

    @Test
    void shouldHoldWhatFailsAndTryItAgainWithLongerAndLongerPauses() {
        TestDisk.Pending write = write();
        disk.turn();
        backend.complete(-Errno.ENOSPC);
        for (long pauseMs : new long[] {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
            disk.worker.poll(100);
            assertEquals(pauseMs * MS_NS, disk.shard.wakeInNs());
            disk.shard.advance(pauseMs * MS_NS - 1);
            disk.turn();
            assertEquals(0, backend.submitted().size(), "too early");
            disk.shard.advance(1);
            disk.turn();
            assertEquals(1, backend.submitted().size());
            assertFalse(answered(write));
            backend.complete(-Errno.ENOSPC);
        }
        disk.shard.advance(5000 * MS_NS);
        disk.turn();
        backend.complete(0);
        assertTrue(answered(write));
        assertEquals(OK, disk.await(write).status());
        assertEquals(1, disk.counter(BlkCounter.HELD));
        assertEquals(9, disk.counter(BlkCounter.ENOSPC));
        assertEquals(0, disk.counter(BlkCounter.IOERR));
    }

    @Test
    void shouldTryOneAndThenAllWhileOthersGoOn() {
        TestDisk.Pending[] writes = {write(), write(), write()};
        disk.turn();
        for (int i = 0; i < 3; i++) {
            backend.complete(-Errno.EIO);
        }
        TestDisk.Pending read = disk.submit(BlkSpec.VIRTIO_BLK_T_IN, 0, NONE, 512);
        disk.turn();
        assertEquals(BlockOperation.READ, backend.complete(0).operation());
        assertEquals(OK, disk.await(read).status());

        disk.shard.advance(100 * MS_NS);
        disk.turn();
        assertEquals(1, backend.submitted().size(), "one tries");
        backend.complete(0);
        disk.turn();
        assertEquals(2, backend.submitted().size(), "the others follow");
        backend.complete(-Errno.EIO);
        backend.complete(0);
        disk.turn();
        disk.shard.advance(100 * MS_NS);
        disk.turn();
        backend.complete(0);
        for (TestDisk.Pending write : writes) {
            assertEquals(OK, disk.await(write).status());
        }
    }

    @Test
    void shouldTellTheBeginAndTheEndOnce() {
        assertNull(trouble());
        assertNull(disk.device.news());
        write();
        write();
        disk.turn();
        backend.complete(-Errno.ENOSPC);
        backend.complete(-Errno.ENOSPC);
        assertEquals(1, told.get());
        String trouble = trouble();
        assertNotNull(trouble);
        assertTrue(trouble.startsWith("2 requests wait for the storage since "), trouble);
        assertTrue(trouble.endsWith(": No space left on device (ENOSPC)"), trouble);
        String news = disk.device.news();
        assertNotNull(news);
        assertTrue(news.startsWith("requests wait for the storage since "), news);
        assertNull(disk.device.news());

        disk.shard.advance(100 * MS_NS);
        disk.turn();
        backend.complete(-Errno.ENOSPC);
        disk.shard.advance(300 * MS_NS);
        disk.turn();
        backend.complete(0);
        disk.turn();
        backend.complete(0);
        disk.turn();
        assertEquals(2, told.get(), "once more, at the end");
        assertNull(trouble());
        assertEquals("the storage works again, no request waits any more", disk.device.news());
    }

    @Test
    void shouldGoOnInTheMiddleOfRanges() {
        byte[] ranges =
                TestDisk.concat(
                        TestDisk.range(0, 8, 0), TestDisk.range(64, 1, 0), TestDisk.range(9, 2, 0));
        TestDisk.Pending discard = disk.submit(BlkSpec.VIRTIO_BLK_T_DISCARD, 0, ranges, 0);
        disk.turn();
        backend.complete(0);
        assertEquals(64L * 512, backend.complete(-Errno.EIO).offset());
        disk.turn();
        disk.shard.advance(100 * MS_NS);
        disk.turn();
        assertEquals(64L * 512, backend.complete(0).offset());
        assertEquals(9L * 512, backend.complete(0).offset());
        assertEquals(OK, disk.await(discard).status());
    }

    /** How a device, a file system and a server that are lost for a while fail. */
    @ParameterizedTest
    @ValueSource(
            ints = {
                Errno.EIO,
                Errno.ESTALE,
                Errno.ETIMEDOUT,
                Errno.ENODEV,
                Errno.ENXIO,
                Errno.EROFS,
                Errno.EDQUOT,
                Errno.EACCES
            })
    void shouldHoldHoweverStorageIsLost(int errno) {
        TestDisk.Pending write = write();
        disk.turn();
        backend.complete(-errno);
        assertFalse(answered(write));
        String trouble = String.valueOf(trouble());
        assertTrue(trouble.endsWith("(" + Errno.name(errno) + ")"), trouble);

        disk.shard.advance(100 * MS_NS);
        disk.turn();
        backend.complete(0);

        assertEquals(OK, disk.await(write).status());
        assertEquals(0, disk.counter(BlkCounter.IOERR));
    }

    @Test
    void shouldReportWhatWaitingDoesNotMend() {
        for (int errno : new int[] {Errno.EOPNOTSUPP, Errno.EINVAL, Errno.EFAULT}) {
            TestDisk.Pending write = write();
            disk.turn();
            backend.complete(-errno);
            assertTrue(disk.await(write).status() != OK);
        }
        TestDisk.Pending flush = disk.submit(BlkSpec.VIRTIO_BLK_T_FLUSH, 0, NONE, 0);
        disk.turn();
        backend.complete(-Errno.EIO);
        assertEquals(IOERR, disk.await(flush).status(), "what it was to save is lost");
        backend.loseData();
        TestDisk.Pending write = write();
        disk.turn();
        backend.complete(-Errno.EIO);
        assertEquals(IOERR, disk.await(write).status());
        assertEquals(0, told.get());
    }

    @Test
    void shouldReportAllButMissingSpaceWhenToldSo() throws Exception {
        close();
        disk = disk(ErrorPolicy.ENOSPC);
        TestDisk.Pending full = write();
        TestDisk.Pending quota = write();
        TestDisk.Pending broken = write();
        disk.turn();
        backend.complete(-Errno.ENOSPC);
        backend.complete(-Errno.EDQUOT);
        backend.complete(-Errno.EIO);
        assertEquals(IOERR, disk.await(broken).status());
        assertFalse(answered(full) || answered(quota));
    }

    @Test
    void shouldTryOnceMoreAndThenReportWhenStoppedWithoutNotes() {
        TestDisk.Pending lost = write();
        TestDisk.Pending saved = write();
        disk.turn();
        backend.complete(-Errno.EIO);
        backend.complete(-Errno.EIO);
        disk.worker.beginDrain();
        assertFalse(disk.worker.drained());
        disk.turn();
        backend.complete(-Errno.EIO);
        backend.complete(0);
        assertTrue(disk.worker.drained());
        assertEquals(IOERR, disk.await(lost).status());
        assertEquals(OK, disk.await(saved).status());
        assertNull(trouble());
    }

    @Test
    void shouldTakeNoMoreThanItHasRoomForAndGoOnAfterwards() {
        TestDisk.Pending[] writes = new TestDisk.Pending[TestDisk.QUEUE_SIZE / 3];
        for (int i = 0; i < writes.length; i++) {
            writes[i] = write();
        }
        disk.turn();
        while (!backend.submitted().isEmpty()) {
            backend.complete(-Errno.ENOSPC);
        }
        assertEquals(writes.length, disk.counter(BlkCounter.HELD));
        disk.shard.advance(100 * MS_NS);
        disk.turn();
        while (!backend.submitted().isEmpty()) {
            backend.complete(0);
            disk.turn();
        }
        for (TestDisk.Pending write : writes) {
            assertEquals(OK, disk.await(write).status());
        }
    }
}
