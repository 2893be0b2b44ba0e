package dev.ringside.server.component;

import static dev.ringside.server.component.TestServer.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import dev.ringside.frontend.FrontendMessage;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.NegativeReplyException;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.server.component.TestServer.Disk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Stop, start, reset, reconnect, configuration: what a session goes through besides I/O. */
class LifecycleIT {
    private static final LoadOptions LOAD = LoadOptions.verified(16).requests(1_500);

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

    private static BlkLedger write(final BlkDriver driver) throws IOException {
        final BlkLoad load = new BlkLoad(driver, LOAD);
        final LoadResult result = load.run();
        assertTrue(result.clean(), result.summary());
        return load.ledger();
    }

    private static void assertKept(final BlkDriver driver, final BlkLedger ledger)
            throws IOException {
        final LoadOptions readAll =
                LoadOptions.verified(16).random(false).readPercent(100).requests(ledger.blocks());
        final LoadResult result = new BlkLoad(driver, readAll, ledger).run();
        assertTrue(result.clean(), result.summary());
        assertTrue(ledger.known() > 0, "nothing was written, so nothing was checked");
    }

    @Test
    void shouldGoOnFromItsBaseWhenStoppedAndStarted() throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 2);
        try (BlkDriver driver = disk.start(BlkOptions.defaults().queues(2))) {
            final BlkLedger ledger = write(driver);
            for (int round = 0; round < 3; round++) {
                final List<Integer> bases = driver.stop();
                for (final DriverQueue queue : driver.queues()) {
                    final int i = queue.layout().index();
                    assertEquals(queue.availableIndex(), bases.get(i));
                }
                driver.activate();
                assertKept(driver, ledger);
            }
        }
    }

    @Test
    void shouldKeepDataWhenDeviceIsReset() throws Exception {
        final Disk disk = server.disk("memory:size=4M", 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            final BlkLedger ledger = write(driver);
            assertTrue(driver.protocol().has(VhostUserSpec.PROTOCOL_F_RESET_DEVICE));
            driver.protocol().resetDevice();
            driver.protocol().getFeatures();
            driver.resetQueues();
            driver.activate();
            assertKept(driver, ledger);
        }
    }

    @Test
    void shouldSurviveResetUnderFullLoad() throws Exception {
        final Disk disk = server.disk(server.file(16 * MIB), 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            for (int round = 0; round < 5; round++) {
                final BlkLoad.Running running =
                        new BlkLoad(driver, LoadOptions.randomRead(32).stallNs(200_000_000L))
                                .start();
                Await.until("the load runs", () -> running.load().completed() > 200);
                driver.protocol().resetDevice();
                driver.protocol().getFeatures();
                assertThrows(IOException.class, running::join, "a reset device answers nothing");
                driver.resetQueues();
                driver.activate();
            }
            final LoadResult after = new BlkLoad(driver, LOAD).run();
            assertTrue(after.clean(), after.summary());
        }
    }

    @ParameterizedTest
    @EnumSource(BaseConvention.class)
    void shouldKeepDataWhenFrontendReconnects(final BaseConvention convention) throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 2);
        final StartOrder order =
                convention == BaseConvention.USED_INDEX
                        ? StartOrder.QEMU
                        : StartOrder.CLOUD_HYPERVISOR;
        try (BlkDriver driver = disk.start(BlkOptions.defaults().queues(2).order(order))) {
            final BlkLedger ledger = write(driver);
            for (int round = 0; round < 3; round++) {
                driver.reconnect(disk.connect(), convention);
                assertKept(driver, ledger);
            }
        }
    }

    @Test
    void shouldDoAgainWhatWasInFlightWhenConnectionWasLost() throws Exception {
        final Disk disk = server.disk("memory:size=8M", 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            final BlkLoad load =
                    new BlkLoad(driver, LoadOptions.verified(32).stallNs(300_000_000L));
            final BlkLoad.Running running = load.start();
            Await.until("the load runs", () -> load.completed() > 500);
            driver.protocol().close();
            assertThrows(IOException.class, running::join);

            driver.reconnect(disk.connect(), BaseConvention.USED_INDEX);
            final DriverQueue queue = driver.queue(0);
            while (queue.inFlight() > 0) {
                assertTrue(queue.awaitUsed(10_000_000_000L), "in flight: " + queue.inFlight());
                queue.pollUsed();
            }
            assertKept(driver, load.ledger());
        }
    }

    @Test
    void shouldServeTheNextWhenFrontendsProbeAndLeave() throws Exception {
        final Disk disk = server.disk("memory:size=4M", 1);
        for (int i = 0; i < 5; i++) {
            disk.connect().close();
            BlkDriver.probe(disk.connect(), new FrontendMemory(), BlkOptions.defaults()).close();
        }
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            write(driver);
        }
    }

    @Test
    void shouldAnswerStopOnlyAfterTheLastRequest() throws Exception {
        final Disk disk = server.disk(server.file(32 * MIB), 2);
        try (BlkDriver driver = disk.start(BlkOptions.defaults().queues(2))) {
            final BlkLoad load = new BlkLoad(driver, LoadOptions.verified(32));
            final BlkLoad.Running running = load.start();
            for (int round = 0; round < 20; round++) {
                final long before = load.completed();
                Await.until("the load runs", () -> load.completed() > before + 100);
                final List<Integer> bases = driver.stop();
                for (final DriverQueue queue : driver.queues()) {
                    final int base = bases.get(queue.layout().index());
                    assertEquals(base, queue.ring().usedIndex(), "round " + round);
                }
                assertFalse(running.ended());
                driver.activate();
            }
            final LoadResult result = running.stopAndJoin();
            assertTrue(result.clean(), result.summary());
        }
    }

    @Test
    void shouldHoldRequestsWhileRingIsDisabled() throws Exception {
        final Disk disk = server.disk("memory:size=4M", 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            driver.protocol().needReply(true);
            driver.protocol().setVringEnable(0, false);
            final BlkLoad.Running running = new BlkLoad(driver, LOAD).start();
            Await.until("requests are published", () -> driver.queue(0).inFlight() > 0);
            driver.protocol().getFeatures();
            assertEquals(0, driver.queue(0).ring().usedIndex());
            driver.protocol().setVringEnable(0, true);
            final LoadResult result = running.join();
            assertTrue(result.clean(), result.summary());
        }
    }

    @Test
    void shouldTellTheFrontendWhenCapacityGrows() throws Exception {
        final Path file = server.newFile(4 * MIB);
        final Disk disk = server.disk("file:" + file, 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            try (RandomAccessFile grown = new RandomAccessFile(file.toFile(), "rw")) {
                grown.setLength(8 * MIB);
            }
            assertTrue(disk.device().refresh());
            driver.awaitConfigChange();
            assertEquals(8 * MIB, driver.capacityBytes());
            final byte[] data = {1, 2, 3};
            final byte[] sector = java.util.Arrays.copyOf(data, 512);
            final byte[] back = new byte[512];
            final BlkIo io = new BlkIo(driver, 0, 4096);
            final long last = 8L * MIB / 512 - 1;
            assertEquals(BlkSpec.S_OK, io.write(last, sector));
            assertEquals(BlkSpec.S_OK, io.read(last, back));
            assertArrayEquals(sector, back);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {36, 48, 57, 60, 256})
    void shouldAnswerConfigurationOfAnySize(final int size) throws Exception {
        final Disk disk = server.disk("memory:size=4M", 2);
        try (BlkDriver driver =
                BlkDriver.probe(disk.connect(), new FrontendMemory(), BlkOptions.defaults())) {
            for (final int offset : new int[] {0, 0x100}) {
                final byte[] config = driver.protocol().getConfig(offset, size, 1);
                assertEquals(4 * MIB / 512, config[1] << 8 | config[0], "offset " + offset);
                assertEquals(2, config[BlkSpec.CONFIG_NUM_QUEUES]);
            }
            final byte[] tail = driver.protocol().getConfig(200, 20, 0);
            assertArrayEquals(new byte[20], tail, "beyond the end there are zeroes");
        }
    }

    @Test
    void shouldToggleTheWriteCacheAndRefuseEverythingElse() throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            final var protocol = driver.protocol();
            protocol.needReply(true);
            for (final int flags : new int[] {0, 1}) {
                protocol.setConfig(BlkSpec.CONFIG_WCE, flags, (byte) 0);
                assertEquals(0, protocol.getConfig(BlkSpec.CONFIG_WCE, 1, 0)[0]);
                protocol.setConfig(BlkSpec.CONFIG_WCE, flags, (byte) 1);
                assertEquals(1, protocol.getConfig(BlkSpec.CONFIG_WCE, 1, 0)[0]);
            }
            assertThrows(
                    NegativeReplyException.class,
                    () -> protocol.setConfig(BlkSpec.CONFIG_CAPACITY, 0, new byte[8]));
            write(driver);
        }
    }

    @Test
    void shouldRefuseUnknownMessagesAndLiveOn() throws Exception {
        final Disk disk = server.disk("memory:size=4M", 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            final var connection = driver.protocol().connection();
            for (final int request : new int[] {0, 45, 99, -1}) {
                final FrontendMessage reply =
                        connection.call(request, VhostUserSpec.NEED_REPLY, new byte[8]);
                assertNotEquals(0, reply.u64(), "message " + request);
                connection.send(request, 0, new byte[8]);
            }
            write(driver);
        }
    }

    @Test
    void shouldRefuseWritesWhenReadOnly() throws Exception {
        final Disk disk = server.disk("memory:size=4M", config -> config.withReadOnly(true));
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            final BlkIo io = new BlkIo(driver, 0, 4096);
            assertTrue(driver.has(BlkSpec.F_RO));
            assertEquals(BlkSpec.S_OK, io.read(0, new byte[512]));
            assertNotEquals(BlkSpec.S_OK, io.write(0, new byte[512]));
            assertNotEquals(BlkSpec.S_OK, io.write(0, new byte[512]), "and again");
        }
    }

    @Test
    void shouldShowItsSerial() throws Exception {
        final Disk disk =
                server.disk("null:size=1M", config -> config.withSerial("twenty-characters-ok"));
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            assertEquals("twenty-characters-ok", new BlkIo(driver, 0, 4096).id());
        }
    }
}
