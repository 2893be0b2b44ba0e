package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.TinyDisk.Manner;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Driver and load against a disk made here: what they do right and what they notice. */
class BlkLoadTest {
    private static final int DISK_BYTES = 1 << 20;

    private static BlkDriver start(final TinyDisk backend, final BlkOptions options)
            throws IOException {
        return BlkDriver.start(backend.connect(), FrontendMemory.likePc(4 << 20), options);
    }

    @ParameterizedTest
    @EnumSource(StartOrder.class)
    void shouldMoveVerifiedDataWhenStartedInAnyOrder(final StartOrder order) throws Exception {
        final int queues = order == StartOrder.FIRECRACKER ? 1 : 2;
        try (TinyDisk backend = TinyDisk.start(DISK_BYTES, Manner.HONEST);
                BlkDriver driver =
                        start(backend, BlkOptions.defaults().order(order).queues(queues))) {
            final LoadResult result =
                    new BlkLoad(driver, LoadOptions.verified(8).requests(2_000)).run();
            assertTrue(result.clean(), result.summary());
            assertEquals(2_000, result.requests());
            assertEquals(DISK_BYTES, driver.capacityBytes());
            assertEquals(2_000, driver.stop().stream().mapToInt(Integer::intValue).sum(), "bases");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldGiveNoRequestBeforeItsTime(final boolean polled) throws Exception {
        try (TinyDisk backend = TinyDisk.start(DISK_BYTES, Manner.HONEST);
                BlkDriver driver = start(backend, BlkOptions.defaults().queues(2))) {
            final LoadResult result =
                    new BlkLoad(
                                    driver,
                                    LoadOptions.verified(4)
                                            .polled(polled)
                                            .rate(10_000)
                                            .requests(300))
                            .run();

            assertTrue(result.clean(), result.summary());
            assertEquals(300, result.requests());
            assertTrue(result.elapsedNs() >= 299 * 100_000L, result.summary());
        }
    }

    @Test
    void shouldCountLatencyFromTheTimeARequestWasDue() throws Exception {
        try (TinyDisk backend = TinyDisk.start(DISK_BYTES, Manner.HONEST);
                BlkDriver driver = start(backend, BlkOptions.defaults())) {
            // All are due at once, and one is done after the other: the last waits for all.
            final LoadResult result =
                    new BlkLoad(driver, LoadOptions.verified(1).rate(1_000_000_000).requests(500))
                            .run();

            assertTrue(result.clean(), result.summary());
            assertTrue(result.latency().maxNs() >= result.elapsedNs() - 1_000_000, result::summary);
            assertTrue(result.latency().meanNs() >= result.elapsedNs() / 500 * 10, result::summary);
        }
    }

    @Test
    void shouldMoveVerifiedDataWhenIndirect() throws Exception {
        try (TinyDisk backend = TinyDisk.start(DISK_BYTES, Manner.HONEST);
                BlkDriver driver =
                        start(backend, BlkOptions.defaults().queueSize(8).indirectEntries(3))) {
            final LoadResult result =
                    new BlkLoad(driver, LoadOptions.verified(8).indirect(true).requests(2_000))
                            .run();
            assertTrue(result.clean(), result.summary());
        }
    }

    @Test
    void shouldCountMismatchesWhenDeviceReturnsOtherData() throws Exception {
        try (TinyDisk backend = TinyDisk.start(DISK_BYTES, Manner.CORRUPT_READS);
                BlkDriver driver = start(backend, BlkOptions.defaults())) {
            final LoadOptions options = LoadOptions.verified(4).random(false);
            final long blocks = DISK_BYTES / options.blockBytes();
            final BlkLoad write = new BlkLoad(driver, options.readPercent(0).requests(blocks));
            assertTrue(write.run().clean());
            assertEquals(blocks, write.ledger().known());

            final LoadResult read =
                    new BlkLoad(driver, options.readPercent(100).requests(blocks), write.ledger())
                            .run();
            assertEquals(blocks, read.mismatches());
            assertFalse(read.clean());
        }
    }

    @Test
    void shouldCountErrorsAndForgetBlocksWhenDeviceRefuses() throws Exception {
        try (TinyDisk backend = TinyDisk.start(DISK_BYTES, Manner.REFUSE);
                BlkDriver driver = start(backend, BlkOptions.defaults())) {
            final BlkLoad load =
                    new BlkLoad(driver, LoadOptions.verified(4).readPercent(0).requests(100));
            assertEquals(100, load.run().errors());
            assertEquals(0, load.ledger().known());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldFailWhenDeviceAnswersNothing(final boolean polled) throws Exception {
        try (TinyDisk backend = TinyDisk.start(DISK_BYTES, Manner.SILENT);
                BlkDriver driver = start(backend, BlkOptions.defaults())) {
            final BlkLoad load =
                    new BlkLoad(driver, LoadOptions.verified(4).polled(polled).stallNs(20_000_000));
            final IOException e = assertThrows(IOException.class, load::run);
            assertTrue(e.toString().contains("4 requests in flight"), e.toString());
        }
    }

    @Test
    void shouldStopWhenToldTo() throws Exception {
        try (TinyDisk backend = TinyDisk.start(DISK_BYTES, Manner.HONEST);
                BlkDriver driver = start(backend, BlkOptions.defaults())) {
            final BlkLoad.Running running =
                    new BlkLoad(driver, LoadOptions.randomRead(4).polled(false)).start();
            while (running.load().completed() < 1_000) {
                Thread.onSpinWait();
            }
            assertTrue(running.stopAndJoin().requests() >= 1_000);
            assertEquals(0, driver.queue(0).inFlight());
        }
    }

    @Test
    void shouldCutRequestsAsAskedFor() throws Exception {
        try (TinyDisk backend = TinyDisk.start(DISK_BYTES, Manner.HONEST);
                BlkDriver driver = start(backend, BlkOptions.defaults())) {
            final BlkIo io =
                    new BlkIo(driver, 0, 65_536)
                            .split(new BlkIo.Split(BlkSpec.HEADER_BYTES, 1000, false, false));
            final byte[] data = new byte[8192];
            new Random(1).nextBytes(data);
            final byte[] back = new byte[8192];
            assertEquals(BlkSpec.S_OK, io.write(8, data));
            assertEquals(BlkSpec.S_OK, io.read(8, back));
            assertArrayEquals(data, back);
            assertEquals(8193, io.usedLength());
        }
    }

    @Test
    void shouldRejectRangeWithoutBlocks() throws Exception {
        try (TinyDisk backend = TinyDisk.start(DISK_BYTES, Manner.HONEST);
                BlkDriver driver = start(backend, BlkOptions.defaults())) {
            final LoadOptions options = LoadOptions.verified(4).range(DISK_BYTES / 512, 0);
            assertThrows(IllegalArgumentException.class, () -> new BlkLoad(driver, options));
        }
    }
}
