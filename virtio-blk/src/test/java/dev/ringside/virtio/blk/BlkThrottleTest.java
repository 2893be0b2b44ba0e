package dev.ringside.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.blk.backend.BlockOperation;
import dev.ringside.virtio.blk.backend.BlockTraits;
import dev.ringside.virtio.blk.backend.FakeBackend;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.Limit;
import dev.ringside.virtio.blk.limit.LimitKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How a worker keeps a disk's limits, in a time that the test makes. */
class BlkThrottleTest {
    private static final int OK = BlkSpec.VIRTIO_BLK_S_OK;
    private static final BlockTraits TRAITS =
            new BlockTraits(512, 4096, false, false, false, true, 512, true, true, true);
    private static final byte[] NONE = {};
    private static final byte[] SECTOR = new byte[512];
    private static final long MS_NS = 1_000_000;

    private final FakeBackend backend = new FakeBackend(TRAITS, 1 << 20);
    private final List<TestDisk.Pending> sent = new ArrayList<>();
    private final TestDisk disk;

    BlkThrottleTest() throws Exception {
        disk = new TestDisk(BlkConfig.named("disk"), backend);
        disk.budget = 100;
    }

    @BeforeEach
    void stopClock() {
        disk.shard.stopClock();
    }

    @AfterEach
    void shouldAnswerAll() {
        disk.device.limits().set(BlkLimits.NONE);
        disk.turn();
        while (!backend.submitted().isEmpty()) {
            backend.complete(0);
        }
        for (TestDisk.Pending pending : sent) {
            assertEquals(OK, disk.await(pending).status());
        }
        disk.close();
    }

    private void limit(LimitKind kind, long rate, long burst) {
        disk.device.limits().set(new BlkLimits(Map.of(kind, new Limit(rate, burst))));
        // The limit's time begins at the real clock.
        disk.shard.advance(10 * 60_000 * MS_NS);
        disk.turn();
    }

    private void write(int count) {
        for (int i = 0; i < count; i++) {
            sent.add(disk.submit(BlkSpec.VIRTIO_BLK_T_OUT, 0, SECTOR, 0));
        }
    }

    private void read(int count) {
        for (int i = 0; i < count; i++) {
            sent.add(disk.submit(BlkSpec.VIRTIO_BLK_T_IN, 0, NONE, 512));
        }
    }

    private long submitted(BlockOperation operation) {
        return backend.submitted().stream().filter(one -> one.operation() == operation).count();
    }

    @Test
    void shouldLetThroughWhatTheRateAllowsAndSleepMeanwhile() {
        limit(LimitKind.IOPS, 100, 1);
        write(5);
        disk.turn();
        assertEquals(1, backend.submitted().size(), "the burst");
        long wakeNs = disk.shard.wakeInNs();
        for (int passed = 2; passed <= 5; passed++) {
            disk.worker.poll(100);
            long awayNs = disk.shard.wakeInNs();
            assertTrue(awayNs > 9 * MS_NS && awayNs <= 10 * MS_NS + 1000, awayNs + " ns");
            disk.shard.advance(awayNs - 1000);
            disk.turn();
            assertEquals(passed - 1, backend.submitted().size(), "too early");
            disk.shard.advance(2000);
            disk.turn();
            assertEquals(passed, backend.submitted().size());
        }
        assertEquals(-1, disk.shard.wakeInNs(), "nothing waits any more");
        assertEquals(-1, wakeNs, "the turn's own wake-up was taken");
    }

    @Test
    void shouldNotHoldUpReadsBehindWritesThatAreLimited() {
        limit(LimitKind.IOPS_WRITE, 1, 0);
        write(20);
        read(5);
        disk.turn();
        assertEquals(1, submitted(BlockOperation.WRITE));
        assertEquals(5, submitted(BlockOperation.READ));
    }

    @Test
    void shouldLetTheOlderOfReadAndWriteGoFirst() {
        limit(LimitKind.IOPS, 100, 1);
        write(1);
        disk.turn();
        write(1);
        disk.turn();
        disk.shard.advance(1000);
        read(1);
        disk.turn();
        disk.shard.advance(10 * MS_NS);
        disk.turn();
        assertEquals(2, submitted(BlockOperation.WRITE));
        assertEquals(0, submitted(BlockOperation.READ));
        disk.shard.advance(10 * MS_NS);
        disk.turn();
        assertEquals(1, submitted(BlockOperation.READ));
    }

    @Test
    void shouldCountDiscardsAsWritesWithoutBytesAndFlushesNot() {
        limit(LimitKind.IOPS_WRITE, 1, 0);
        for (int i = 0; i < 3; i++) {
            sent.add(disk.submit(BlkSpec.VIRTIO_BLK_T_DISCARD, 0, TestDisk.range(0, 8, 0), 0));
            sent.add(disk.submit(BlkSpec.VIRTIO_BLK_T_FLUSH, 0, NONE, 0));
        }
        disk.turn();
        assertEquals(1, submitted(BlockOperation.DISCARD));
        assertEquals(3, submitted(BlockOperation.FLUSH));
        limit(LimitKind.BPS_WRITE, 1024, 0);
        disk.turn();
        assertEquals(3, submitted(BlockOperation.DISCARD));
    }

    @Test
    void shouldCountBytes() {
        limit(LimitKind.BPS, 4096, 0);
        write(20);
        disk.turn();
        assertEquals(8, backend.submitted().size(), "a burst of 4096 bytes");
        disk.shard.advance(1000 * MS_NS + 1000);
        disk.turn();
        assertEquals(16, backend.submitted().size());
    }

    @Test
    void shouldLetNoSmallRequestOvertakeALargeOneThatSavesUp() {
        limit(LimitKind.BPS_WRITE, 4096, 0);
        sent.add(disk.submit(BlkSpec.VIRTIO_BLK_T_OUT, 0, new byte[65536], 0));
        disk.turn();
        write(1);
        pass(14_500);
        assertEquals(0, backend.submitted().size());
        pass(1_000);
        assertEquals(65536, backend.submitted().getFirst().length());
    }

    @Test
    void shouldFinishWhatItTookAtOnceWhenStoppedAndOweItAfterwards() {
        limit(LimitKind.IOPS, 1, 0);
        write(6);
        disk.turn();
        assertEquals(1, backend.submitted().size());
        backend.complete(0);
        disk.worker.beginDrain();
        assertFalse(disk.worker.drained());
        disk.turn();
        assertEquals(5, backend.submitted().size());
        while (!backend.submitted().isEmpty()) {
            backend.complete(0);
        }
        assertTrue(disk.worker.drained());

        assertTrue(disk.worker.remap(disk.guest.memory()));
        write(1);
        disk.turn();
        pass(4900);
        assertEquals(0, backend.submitted().size(), "five are owed");
        pass(1200);
        assertEquals(1, backend.submitted().size());
    }

    private void pass(long ms) {
        for (long step = 0; step < ms; step += 100) {
            disk.shard.advance(100 * MS_NS);
            disk.turn();
        }
    }

    @Test
    void shouldFinishWhatItTookForWhoeverWaitsAndKeepTheLimitAfterwards() {
        limit(LimitKind.IOPS, 1, 0);
        write(3);
        disk.turn();
        disk.worker.finishTaken();
        disk.worker.poll(0);
        assertEquals(3, backend.submitted().size());
        write(1);
        disk.turn();
        assertEquals(3, backend.submitted().size());
    }

    @Test
    void shouldFlushAfterTheWritesThatStillWaitAndGoIntoTheCache() {
        limit(LimitKind.IOPS, 1, 0);
        write(2);
        disk.turn();
        assertTrue(disk.device.writeConfig(BlkSpec.CONFIG_WCE, new byte[] {0}));
        backend.complete(0);
        disk.turn();
        assertEquals(0, backend.submitted().size(), "a write still waits");
        assertFalse(disk.worker.drained());

        disk.worker.finishTaken();
        disk.worker.poll(0);
        assertFalse(backend.complete(0).durable());
        disk.worker.poll(0);
        assertEquals(BlockOperation.FLUSH, backend.complete(0).operation());
        assertTrue(disk.worker.drained());
    }

    @Test
    void shouldFollowChangesAtOnceAndWakeTheShard() {
        limit(LimitKind.IOPS, 1, 0);
        write(4);
        disk.turn();
        assertEquals(1, backend.submitted().size());
        int rings = disk.shard.rings();
        disk.device.limits().set(BlkLimits.NONE);
        assertEquals(rings + 1, disk.shard.rings());
        disk.turn();
        assertEquals(4, backend.submitted().size());
    }

    @Test
    void shouldNotBeKeptAwakeByChainsThatItHasNoRoomFor() {
        limit(LimitKind.IOPS, 1, 0);
        TestGuest.Buffer data = disk.writable(512, 0);
        for (int i = 0; i < 40; i++) {
            List<TestGuest.Buffer> buffers = new ArrayList<>();
            buffers.add(disk.readable(TestDisk.header(BlkSpec.VIRTIO_BLK_T_IN, 0), 0));
            for (int piece = 0; piece < 20; piece++) {
                buffers.add(data);
            }
            buffers.add(disk.writable(1, 0));
            sent.add(new TestDisk.Pending(disk.guest.addIndirect(buffers), buffers));
        }
        assertTrue(disk.worker.wantsKicks());
        disk.turn();
        assertFalse(disk.worker.wantsKicks());
        while (backend.submitted().size() < 40) {
            disk.device.limits().set(BlkLimits.NONE);
            disk.turn();
            while (!backend.submitted().isEmpty()) {
                backend.complete(0);
            }
            if (sent.stream().allMatch(one -> disk.guest.isDone(one.head()))) {
                return;
            }
        }
    }
}
