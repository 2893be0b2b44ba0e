package dev.ringside.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Errno;
import dev.ringside.shm.LifeTime;
import dev.ringside.virtio.blk.backend.BlockBackends;
import dev.ringside.virtio.blk.backend.BlockOperation;
import dev.ringside.virtio.blk.backend.BlockTraits;
import dev.ringside.virtio.blk.backend.FakeBackend;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How a worker takes, starts and completes requests, over a backend that a test completes. */
class BlkQueueWorkerTest {
    private static final int OK = BlkSpec.VIRTIO_BLK_S_OK;
    private static final BlockTraits TRAITS =
            new BlockTraits(512, 4096, false, false, false, true, 512, true, true, true);
    private static final byte[] NONE = {};
    private static final byte[] SECTOR = new byte[512];

    private final FakeBackend backend = new FakeBackend(TRAITS, 1 << 20);
    private TestDisk disk;

    BlkQueueWorkerTest() throws Exception {
        backend.setLifetime(new LifeTime(1, 2, 0x0103));
        disk = new TestDisk(BlkConfig.named("disk"), backend);
    }

    @AfterEach
    void close() {
        while (!backend.submitted().isEmpty()) {
            backend.complete(0);
        }
        disk.close();
        assertTrue(backend.isClosed());
    }

    private TestDisk.Pending write() {
        return disk.submit(BlkSpec.VIRTIO_BLK_T_OUT, 0, SECTOR, 0);
    }

    @Test
    void shouldTakeNoMoreThanTheBudget() {
        for (int i = 0; i < 40; i++) {
            write();
        }
        disk.budget = 10;
        assertEquals(10, disk.turn());
        assertEquals(10, backend.submitted().size());
        disk.budget = 100;
        assertEquals(30, disk.turn());
        assertEquals(0, disk.turn());
    }

    @Test
    void shouldCompleteOnlyWhenTheBackendHas() {
        TestDisk.Pending write = write();
        disk.turn();
        assertFalse(disk.guest.isDone(write.head()));
        backend.complete(0);
        disk.turn();
        assertTrue(disk.guest.isDone(write.head()));
    }

    @Test
    void shouldMapErrorsToStatusesAndCountThem() {
        int[] errors = {Errno.EIO, Errno.ENOSPC, Errno.EDQUOT, Errno.EFAULT, Errno.EBADF};
        for (int errno : errors) {
            TestDisk.Pending write = write();
            disk.turn();
            backend.complete(-errno);
            TestDisk.Answer answer = disk.await(write);
            assertEquals(BlkSpec.VIRTIO_BLK_S_IOERR, answer.status());
            assertEquals(1, answer.used());
        }
        TestDisk.Pending discard =
                disk.submit(BlkSpec.VIRTIO_BLK_T_DISCARD, 0, TestDisk.range(0, 8, 0), 0);
        disk.turn();
        backend.complete(-Errno.EOPNOTSUPP);
        assertEquals(BlkSpec.VIRTIO_BLK_S_UNSUPP, disk.await(discard).status());
        assertEquals(5, disk.counter(BlkCounter.IOERR));
        assertEquals(1, disk.counter(BlkCounter.ENOSPC));
        assertEquals(1, disk.counter(BlkCounter.EDQUOT));
        assertEquals(1, disk.counter(BlkCounter.OTHER_ERRNO));
        assertEquals(0, disk.counter(BlkCounter.WRITE_BYTES));
    }

    @Test
    void shouldCarryOutRangesOneAfterTheOther() {
        byte[] ranges =
                TestDisk.concat(
                        TestDisk.range(0, 8, 0), TestDisk.range(64, 1, 1), TestDisk.range(9, 2, 0));
        TestDisk.Pending zeroes = disk.submit(BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES, 0, ranges, 0);
        disk.turn();
        FakeBackend.Submitted first = backend.complete(0);
        FakeBackend.Submitted second = backend.complete(0);
        assertFalse(disk.guest.isDone(zeroes.head()));
        FakeBackend.Submitted third = backend.complete(0);
        assertEquals(OK, disk.await(zeroes).status());
        assertEquals(
                List.of(0L, 4096L, 64L * 512, 512L, 9L * 512, 1024L),
                List.of(
                        first.offset(),
                        first.length(),
                        second.offset(),
                        second.length(),
                        third.offset(),
                        third.length()));
        assertTrue(second.unmap() && !first.unmap() && !third.unmap());
    }

    @Test
    void shouldJudgeEachRangeAgainWhenTheGuestChangesIt() {
        byte[] ranges = TestDisk.concat(TestDisk.range(0, 8, 0), TestDisk.range(8, 8, 0));
        TestDisk.Pending discard = disk.submit(BlkSpec.VIRTIO_BLK_T_DISCARD, 0, ranges, 0);
        disk.turn();
        disk.guest.put(
                discard.buffers().get(1).address(),
                TestDisk.concat(TestDisk.range(0, 8, 0), TestDisk.range(-1L, -1, 0)));
        backend.complete(0);
        assertEquals(BlkSpec.VIRTIO_BLK_S_IOERR, disk.await(discard).status());
        assertTrue(backend.submitted().isEmpty());
    }

    @Test
    void shouldAskForDurableWritesWhenTheCacheIsOff() throws Exception {
        write();
        disk.turn();
        assertFalse(backend.complete(0).durable());
        assertTrue(disk.device.writeConfig(BlkSpec.CONFIG_WCE, new byte[] {0}));
        write();
        disk.turn();
        assertEquals(BlockOperation.FLUSH, backend.complete(0).operation(), "what was cached");
        assertTrue(backend.complete(0).durable());
        assertTrue(disk.device.writeConfig(BlkSpec.CONFIG_WCE, new byte[] {1}));
        write();
        disk.turn();
        assertFalse(backend.complete(0).durable());
        assertTrue(backend.submitted().isEmpty());
    }

    @Test
    void shouldAskForDurableWritesWhenFlushWasNotNegotiated() throws Exception {
        disk.close();
        disk = new TestDisk(BlkConfig.named("disk"), backend, ~BlkSpec.VIRTIO_BLK_F_FLUSH);
        write();
        disk.submit(BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES, 0, TestDisk.range(0, 1, 0), 0);
        disk.turn();
        assertEquals(BlockOperation.FLUSH, backend.complete(0).operation(), "from before");
        assertTrue(backend.complete(0).durable());
        assertTrue(backend.complete(0).durable());
    }

    @Test
    void shouldFlushAfterTheWritesThatStillWentIntoTheCache() {
        TestDisk.Pending cached = write();
        disk.turn();
        assertTrue(disk.device.writeConfig(BlkSpec.CONFIG_WCE, new byte[] {0}));
        disk.turn();
        assertEquals(1, backend.submitted().size(), "the write is still in flight");
        assertFalse(disk.worker.drained());

        assertFalse(backend.complete(0).durable());
        assertFalse(disk.worker.drained(), "a flush is due");
        disk.turn();
        assertEquals(BlockOperation.FLUSH, backend.complete(0).operation());

        assertTrue(disk.worker.drained());
        assertEquals(OK, disk.await(cached).status());
    }

    @Test
    void shouldWaitForWhatIsInFlightWhenDraining() {
        write();
        disk.turn();
        write();
        disk.worker.beginDrain();
        disk.turn();
        assertEquals(1, backend.submitted().size(), "nothing more is taken");
        assertFalse(disk.worker.drained());
        assertThrows(IllegalStateException.class, disk.worker::stop);
        backend.complete(0);
        assertTrue(disk.worker.drained());
    }

    @Test
    void shouldGoOnWhenMemoryWasReplaced() {
        assertTrue(disk.worker.drained(), "also when nobody asked it to drain");
        assertTrue(disk.worker.remap(disk.guest.memory()));
        TestDisk.Pending write = write();
        disk.turn();
        backend.complete(0);
        assertEquals(OK, disk.await(write).status());
    }

    @Test
    void shouldParkAndGoOnWhenLargeRequestsUseUpTheirSlots() {
        List<TestDisk.Pending> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            List<TestGuest.Buffer> buffers = new ArrayList<>();
            buffers.add(disk.readable(TestDisk.header(BlkSpec.VIRTIO_BLK_T_IN, 0), 0));
            for (int piece = 0; piece < 20; piece++) {
                buffers.add(disk.writable(512, 0));
            }
            buffers.add(disk.writable(1, 0));
            all.add(new TestDisk.Pending(disk.guest.addIndirect(buffers), buffers));
        }
        disk.budget = 100;
        disk.turn();
        int started = backend.submitted().size();
        assertTrue(started < 40, "there are " + started + " slots for such requests");
        disk.worker.beginDrain();
        disk.turn();
        assertFalse(disk.worker.drained());
        for (int i = 0; i <= started; i++) {
            backend.complete(0);
            disk.turn();
        }
        assertTrue(disk.worker.drained(), "the parked one went, too");
        assertTrue(disk.worker.remap(disk.guest.memory()));
        while (!backend.submitted().isEmpty() || disk.turn() > 0) {
            if (!backend.submitted().isEmpty()) {
                backend.complete(0);
            }
            disk.turn();
        }
        for (TestDisk.Pending pending : all) {
            assertEquals(OK, disk.await(pending).status());
        }
    }

    @Test
    void shouldGiveTheLifetimeWhenThereIsOne() {
        TestDisk.Answer answer = disk.run(BlkSpec.VIRTIO_BLK_T_GET_LIFETIME, 0, NONE, 6);
        assertEquals(OK, answer.status());
        assertEquals(7, answer.used());
        assertArrayEquals(new byte[] {1, 0, 2, 0, 3, 1}, answer.data());
        assertEquals(
                BlkSpec.VIRTIO_BLK_S_IOERR,
                disk.run(BlkSpec.VIRTIO_BLK_T_GET_LIFETIME, 0, NONE, 5).status());
    }

    @Test
    void shouldLeaveRoomForOthersWhenRequestsAreHuge() throws Exception {
        disk.close();
        disk = new TestDisk(BlkConfig.named("disk"), BlockBackends.open("null:size=1G", false));
        List<TestDisk.Pending> all = new ArrayList<>();
        TestGuest.Buffer data = disk.writable(8 << 20, 0);
        for (int i = 0; i < 20; i++) {
            all.add(
                    disk.submit(
                            List.of(
                                    disk.readable(TestDisk.header(0, 0), 0),
                                    data,
                                    disk.writable(1, 0))));
        }
        assertEquals(1, disk.turn(), "8 MiB are enough for one poll");
        for (TestDisk.Pending pending : all) {
            disk.await(pending);
        }
    }
}
