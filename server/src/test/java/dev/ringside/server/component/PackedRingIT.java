package dev.ringside.server.component;

import static dev.ringside.server.component.TestServer.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BaseConvention;
import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkLedger;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.NegativeReplyException;
import dev.ringside.frontend.RawRing;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.server.component.TestServer.Disk;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk with packed rings: started, stopped, moved, reset, with verified I/O at every stage. */
class PackedRingIT {
    private static final LoadOptions LOAD = LoadOptions.verified(16).requests(2_000);

    private TestServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = TestServer.start(2);
    }

    @AfterEach
    void stopServer() throws IOException {
        assertTrue(server.healthy());
        server.close();
    }

    private static BlkOptions packed() {
        return BlkOptions.defaults().with(VirtioSpec.F_RING_PACKED);
    }

    private static BlkLedger write(final BlkDriver driver, final LoadOptions options)
            throws IOException {
        final BlkLoad load = new BlkLoad(driver, options);
        assertClean(load.run());
        return load.ledger();
    }

    private static void assertKept(final BlkDriver driver, final BlkLedger ledger)
            throws IOException {
        final LoadOptions readAll =
                LoadOptions.verified(16).random(false).readPercent(100).requests(ledger.blocks());
        assertClean(new BlkLoad(driver, readAll, ledger).run());
        assertTrue(ledger.known() > 0, "nothing was written, so nothing was checked");
    }

    private static void assertClean(final LoadResult result) {
        assertTrue(result.clean(), result.summary());
    }

    @ParameterizedTest
    @EnumSource(StartOrder.class)
    void shouldServeVerifiedIoWhenStartedLike(final StartOrder order) throws Exception {
        final int queues = order == StartOrder.FIRECRACKER ? 1 : 4;
        final Disk disk = server.disk(server.file(8 * MIB), 4);
        try (BlkDriver driver = disk.start(packed().order(order).queues(queues))) {
            assertTrue(driver.has(VirtioSpec.F_RING_PACKED));
            final BlkLedger ledger = write(driver, LOAD);
            write(driver, LOAD.polled(true));
            for (int round = 0; round < 3; round++) {
                final List<Integer> bases = driver.stop();
                for (final DriverQueue queue : driver.queues()) {
                    assertEquals(queue.base(), bases.get(queue.layout().index()));
                }
                driver.activate();
            }
            assertEquals(8 * MIB, driver.capacityBytes());
            assertTrue(ledger.known() > 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void shouldServeVerifiedIoWhateverWasNegotiated(final boolean events, final boolean indirect)
            throws Exception {
        final Disk disk = server.disk(server.file(8 * MIB), 2);
        BlkOptions options = packed().queues(2).indirectEntries(3);
        options = events ? options : options.without(VirtioSpec.F_EVENT_IDX);
        options = indirect ? options : options.without(VirtioSpec.F_INDIRECT_DESC);
        try (BlkDriver driver = disk.start(options)) {
            assertKept(driver, write(driver, LOAD.indirect(indirect)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 5, 100, 1000, 32_767, 32_768})
    void shouldServeVerifiedIoWithRingsOfAnySize(final int size) throws Exception {
        final Disk disk = server.disk("memory:size=16M", 1);
        try (BlkDriver driver =
                disk.start(FrontendMemory.likePc(64 * MIB), packed().queueSize(size))) {
            final int depth = Math.clamp(size / 3, 1, 4096);
            write(driver, LoadOptions.verified(depth).requests(10_000));
        }
    }

    @Test
    void shouldRefuseASplitRingOfAnySize() throws Exception {
        final Disk disk = server.disk("memory:size=1M", 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            driver.protocol().needReply(true);
            assertThrows(NegativeReplyException.class, () -> driver.protocol().setVringNum(0, 100));
        }
    }

    @Test
    void shouldServeADiskThatUsesInOrder() throws Exception {
        final Disk disk = server.disk("memory:size=8M", 1);
        try (BlkDriver driver = disk.start(packed().with(VirtioSpec.F_IN_ORDER))) {
            assertTrue(driver.has(VirtioSpec.F_IN_ORDER), "the memory backend is in order");
            assertKept(driver, write(driver, LOAD));
        }
    }

    @Test
    void shouldAnswerStopOnlyAfterTheLastRequest() throws Exception {
        final Disk disk = server.disk(server.file(32 * MIB), 2);
        try (BlkDriver driver = disk.start(packed().queues(2))) {
            final BlkLoad load = new BlkLoad(driver, LoadOptions.verified(32));
            final BlkLoad.Running running = load.start();
            for (int round = 0; round < 20; round++) {
                final long before = load.completed();
                Await.until("the load runs", () -> load.completed() > before + 100);
                for (final int base : driver.stop()) {
                    assertEquals(base >>> 16, base & 0xffff, "round " + round);
                }
                assertFalse(running.ended());
                driver.activate();
            }
            assertClean(running.stopAndJoin());
        }
    }

    @Test
    void shouldKeepDataWhenFrontendReconnects() throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 2);
        try (BlkDriver driver = disk.start(packed().queues(2).order(StartOrder.CLOUD_HYPERVISOR))) {
            final BlkLedger ledger = write(driver, LOAD);
            for (int round = 0; round < 3; round++) {
                driver.reconnect(disk.connect(), BaseConvention.AVAILABLE_INDEX);
                assertKept(driver, ledger);
            }
        }
    }

    @Test
    void shouldStartAnewWhenDeviceIsReset() throws Exception {
        final Disk disk = server.disk("memory:size=4M", 1);
        try (BlkDriver driver = disk.start(packed())) {
            final BlkLedger ledger = write(driver, LOAD);
            for (int round = 0; round < 3; round++) {
                driver.protocol().resetDevice();
                driver.protocol().getFeatures();
                driver.resetQueues();
                driver.activate();
                assertKept(driver, ledger);
            }
        }
    }

    @Test
    void shouldGoOnWhenMemoryComesAndGoes() throws Exception {
        final Disk disk = server.disk(server.file(16 * MIB), 2);
        try (BlkDriver driver = disk.start(packed().queues(2))) {
            final BlkLoad.Running running = new BlkLoad(driver, LoadOptions.verified(16)).start();
            for (int i = 0; i < 10; i++) {
                final long before = running.load().completed();
                final FrontendRegion region = FrontendRegion.create(1L << 36, 1 << 16);
                driver.addMemory(region);
                Await.until("the load runs", () -> running.load().completed() > before + 100);
                driver.removeMemory(region);
            }
            assertClean(running.stopAndJoin());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldResetOneQueueWhileTheOthersRun(final boolean isPacked) throws Exception {
        final Disk disk = server.disk(server.file(16 * MIB), 2);
        final BlkOptions options = isPacked ? packed() : BlkOptions.defaults();
        try (BlkDriver driver = disk.start(options.queues(2))) {
            final BlkIo busy = new BlkIo(driver, 1, 4096);
            final byte[] written = new byte[512];
            for (int round = 0; round < 20; round++) {
                final DriverQueue old = driver.queue(0);
                final long at = old.layout().descriptorGuestAddress();
                final long bytes = RawRing.descriptorAreaBytes(old.layout().size());
                final int size = 8 << round % 5;

                final DriverQueue fresh = driver.resetQueue(0, size);
                final byte[] left = driver.memory().slice(at, bytes).toArray(ValueLayout.JAVA_BYTE);

                written[0] = (byte) round;
                assertEquals(BlkSpec.S_OK, new BlkIo(driver, 0, 4096).write(round, written));
                final byte[] back = new byte[512];
                assertEquals(BlkSpec.S_OK, busy.read(round, back));
                assertArrayEquals(written, back);
                assertEquals(size, fresh.layout().size());
                assertArrayEquals(
                        left,
                        driver.memory().slice(at, bytes).toArray(ValueLayout.JAVA_BYTE),
                        "the old ring is as it was");
            }
        }
    }
}
