package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.FrontendLog;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.NegativeReplyException;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.NetSpec;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioDriver;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.shm.Memfd;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Migrations of a driver's memory by the dirty log, under load: what the log does not say is stale
 * at the end. Each disk and NIC does so again and again, with other random requests.
 */
@TestInstance(Lifecycle.PER_CLASS)
class DirtyLogIT {
    private static final long LOG_BYTES = 1 << 20;

    /** Each byte of the log is for eight pages. */
    private static final long LOGGED_BYTES = LOG_BYTES * 8 * 4096;

    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());

    /** Migrations of each kind: {@code -Dringside.migrations=100} for a long run. */
    private static final int MIGRATIONS = Integer.getInteger("ringside.migrations", 6);

    private static final int ROUNDS = 4;
    private static final int DISK_BYTES = 4 << 20;

    private TestServer server;

    @BeforeAll
    void startServer() throws Exception {
        System.out.println("DirtyLogIT: -Dringside.seed=" + SEED);
        server = TestServer.start(2);
    }

    @AfterAll
    void stopServer() throws IOException {
        assertTrue(server.healthy());
        server.close();
    }

    private String randomFile() throws IOException {
        final Path path = server.newFile(DISK_BYTES);
        final byte[] content = new byte[DISK_BYTES];
        new Random(SEED).nextBytes(content);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.write(content);
        }
        return "file:" + path;
    }

    /** One migration: everything, then rounds by the log, then stop and the rest. */
    private static void migrate(
            final VirtioDriver driver,
            final PageCopies copies,
            final LoggedLoad load,
            final boolean replacing)
            throws Exception {
        load.awaitMore(20);
        try (FrontendLog log = FrontendLog.start(driver)) {
            copies.copyAll();
            for (int round = 0; round < ROUNDS; round++) {
                load.awaitMore(30);
                copies.copy(replacing ? log.replace() : log.take());
            }
            load.stop();
            driver.stop();
            copies.copy(replacing ? log.replace() : log.take());
            assertEquals(new BitSet(), copies.stale(), "stale pages, seed " + SEED);
            assertTrue(copies.compared() > 10, copies.compared() + " pages compared");
            log.stop();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"QEMU", "CLOUD_HYPERVISOR"})
    void shouldLoseNoPageOfADiskWhenMigratedUnderLoad(final StartOrder order) throws Exception {
        final boolean replacing = order == StartOrder.CLOUD_HYPERVISOR;
        for (final String uri : new String[] {randomFile(), randomFile() + ",direct=off"}) {
            final TestServer.Disk disk = server.disk(uri, 1);
            for (int i = 0; i < MIGRATIONS; i++) {
                BlkOptions options = BlkOptions.defaults().order(order).queueSize(256);
                options = i % 2 == 0 ? options : options.without(VirtioSpec.F_EVENT_IDX);
                options = i % 3 == 0 ? options.with(VirtioSpec.F_RING_PACKED) : options;
                try (BlkDriver driver = disk.start(options)) {
                    final PageCopies copies = new PageCopies(driver.memory());
                    migrate(driver, copies, LoggedLoad.ofDisk(driver, copies, SEED + i), replacing);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLoseNoPageOfANicWhenMigratedUnderLoad(final boolean replacing) throws Exception {
        final TestServer.Nic nic = server.nic("loopback");
        for (int i = 0; i < MIGRATIONS; i++) {
            final NetOptions options = netOptions(i);
            try (NetDriver driver = nic.start(options)) {
                final PageCopies copies = new PageCopies(driver.memory());
                migrate(
                        driver,
                        copies,
                        LoggedLoad.ofNics(driver, driver, copies, SEED + i),
                        replacing);
            }
        }
    }

    private static NetOptions netOptions(final int i) {
        final NetOptions options = NetOptions.defaults().queueSize(256).without(NetSpec.F_MTU);
        final NetOptions rings = i % 3 == 0 ? options.with(VirtioSpec.F_RING_PACKED) : options;
        return i % 2 == 0 ? rings : rings.without(VirtioSpec.F_EVENT_IDX);
    }

    @Test
    void shouldLoseNoPageWhenAnotherGuestsShardDelivers() throws Exception {
        final TestServer.Nic from = server.nic("switch:dirty");
        final TestServer.Nic to = server.nic("switch:dirty");
        for (int i = 0; i < MIGRATIONS; i++) {
            try (NetDriver sender = from.start(netOptions(i));
                    NetDriver receiver = to.start(netOptions(i))) {
                final PageCopies copies = new PageCopies(receiver.memory());
                migrate(
                        receiver,
                        copies,
                        LoggedLoad.ofNics(sender, receiver, copies, SEED + i),
                        i % 2 == 0);
            }
        }
    }

    @Test
    void shouldGoOnWithoutAWordWhenMigrationIsGivenUp() throws Exception {
        final TestServer.Disk disk = server.disk("memory:size=1M", 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            final BlkIo io = new BlkIo(driver, 0, 4096);
            final byte[] block = new byte[4096];
            for (int i = 0; i < 10; i++) {
                try (FrontendLog log = FrontendLog.start(driver)) {
                    assertEquals(BlkSpec.S_OK, io.read(0, block));
                    assertTrue(!log.stop().isEmpty());
                    assertEquals(BlkSpec.S_OK, io.read(0, block));
                    assertEquals(new BitSet(), log.take(), "nothing is logged any more");
                }
            }
        }
    }

    @Test
    void shouldTouchNothingWhileSuspended() throws Exception {
        final TestServer.Nic nic = server.nic("generator:size=64");
        try (NetDriver driver = nic.start(netOptions(1))) {
            final PageCopies copies = new PageCopies(driver.memory());
            final LoggedLoad load = LoggedLoad.ofNics(driver, driver, copies, SEED);
            load.awaitMore(100);
            load.stop();
            driver.stop();
            driver.queues().forEach(queue -> queue.drainCalls());
            copies.copyAll();
            driver.protocol().sendRarp(new byte[] {2, 0, 0, 0, 0, 1});
            driver.protocol().setVringBase(0, driver.queue(0).availableIndex());
            for (int i = 0; i < 50; i++) {
                driver.protocol().getFeatures();
            }

            assertEquals(new BitSet(), copies.stale());
            driver.queues().forEach(queue -> assertEquals(0, queue.drainCalls()));
            assertTrue(
                    driver.backendChannel() == null || !driver.backendChannel().awaitReadable(0));
        }
    }

    private void assertHarmless(final Attack attack) throws Exception {
        final TestServer.Disk disk = server.disk("memory:size=1M", 1);
        try (Neighbour disks = Neighbour.start(server);
                NetNeighbour nics = NetNeighbour.start(server)) {
            try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
                driver.protocol().connection().timeoutMs(3_000);
                attack.against(driver);
            }
            disks.assertGoesOn();
            nics.assertGoesOn();
        }
        try (BlkDriver again = disk.start(BlkOptions.defaults())) {
            assertEquals(BlkSpec.S_OK, new BlkIo(again, 0, 4096).read(0, new byte[4096]));
        }
    }

    private interface Attack {
        void against(BlkDriver driver) throws IOException;
    }

    private static void turnOn(final BlkDriver driver) throws IOException {
        final long all = VhostUserSpec.bit(VhostUserSpec.F_LOG_ALL);
        driver.protocol().setFeatures(driver.features() | all);
    }

    @Test
    void shouldRefuseLogThatIsTooSmallForTheMemory() throws Exception {
        assertHarmless(
                driver -> {
                    try (FrontendRegion log = FrontendRegion.create(0, 4096)) {
                        turnOn(driver);
                        driver.protocol().needReply(true);
                        assertThrows(
                                NegativeReplyException.class,
                                () -> driver.protocol().setLogBase(log.fd(), 1, 0));
                        final BlkIo io = new BlkIo(driver, 0, 4096);
                        assertEquals(BlkSpec.S_OK, io.read(0, new byte[4096]));
                    }
                });
    }

    /** One page beyond the log's end, across it, and so that the range wraps. */
    @ParameterizedTest
    @ValueSource(longs = {LOGGED_BYTES, LOGGED_BYTES - 8, -8, -1, Long.MAX_VALUE, 1L << 40})
    void shouldRefuseUsedRingThatIsLoggedOutsideTheLog(final long address) throws Exception {
        assertHarmless(
                driver -> {
                    try (FrontendRegion log = FrontendRegion.create(0, LOG_BYTES)) {
                        turnOn(driver);
                        final var layout = driver.queue(0).layout();
                        driver.protocol().setLogBase(log.fd(), LOG_BYTES, 0);
                        driver.protocol().needReply(true);
                        assertThrows(
                                NegativeReplyException.class,
                                () ->
                                        driver.protocol()
                                                .setLoggedVringAddr(
                                                        layout, driver.memory(), address));
                        final BlkIo io = new BlkIo(driver, 0, 4096);
                        assertEquals(BlkSpec.S_OK, io.read(0, new byte[4096]));
                    }
                });
    }

    /** The other way round: the ring is there, and the log does not cover it. */
    @Test
    void shouldRefuseLogThatDoesNotCoverTheLoggedRing() throws Exception {
        assertHarmless(
                driver -> {
                    try (FrontendRegion log = FrontendRegion.create(0, LOG_BYTES)) {
                        turnOn(driver);
                        driver.protocol().needReply(true);
                        driver.protocol()
                                .setLoggedVringAddr(
                                        driver.queue(0).layout(), driver.memory(), LOGGED_BYTES);
                        assertThrows(
                                NegativeReplyException.class,
                                () -> driver.protocol().setLogBase(log.fd(), LOG_BYTES, 0));
                        final BlkIo io = new BlkIo(driver, 0, 4096);
                        assertEquals(BlkSpec.S_OK, io.read(0, new byte[4096]));
                    }
                });
    }

    @Test
    void shouldStopTheQueueAloneWhenMemoryCameThatTheLogDoesNotCover() throws Exception {
        final TestServer.Disk disk = server.disk("memory:size=1M", 1);
        try (FrontendMemory low = new FrontendMemory();
                FrontendRegion log = FrontendRegion.create(0, 4096)) {
            low.add(FrontendRegion.create(0, 8 << 20));
            try (BlkDriver driver = disk.start(low, BlkOptions.defaults())) {
                turnOn(driver);
                driver.protocol().setLogBase(log.fd(), 4096, 0);
                driver.addMemory(FrontendRegion.create(1L << 32, 8 << 20));
                driver.protocol().connection().timeoutMs(2_000);
                // Buffers alternate between the regions: one of two is beyond the log.
                final Map<String, Long> before = server.counters("queue_faults");
                for (int i = 0; i < 4 && server.counters("queue_faults").equals(before); i++) {
                    try {
                        new BlkIo(driver, 0, 1 << 20).request(BlkSpec.T_IN, 0, 4096, true);
                    } catch (IOException e) {
                        // A stopped queue gives nothing back.
                    }
                }
            }
        }
        assertTrue(
                server.counters("queue_faults").toString().contains("dirty_log"),
                server.counters("queue_faults").toString());
    }

    @Test
    void shouldEndTheSessionAloneWhenLogIsCut() throws Exception {
        assertHarmless(
                driver -> {
                    final long bytes = 1 << 20;
                    try (FrontendRegion log = FrontendRegion.create(0, bytes)) {
                        // So the back-end cannot keep it from being cut.
                        Memfd.seal(log.fd(), Memfd.F_SEAL_SEAL);
                        turnOn(driver);
                        driver.protocol().setLogBase(log.fd(), bytes, 0);
                        log.truncate(0);
                        final BlkIo io = new BlkIo(driver, 0, 4096);
                        io.read(0, new byte[4096]);
                        assertTrue(driver.protocol().connection().awaitHangup());
                    }
                });
        assertTrue(server.counters("session").toString().contains("memory"));
    }
}
