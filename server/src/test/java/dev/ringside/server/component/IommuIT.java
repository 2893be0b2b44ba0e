package dev.ringside.server.component;

import static dev.ringside.server.component.TestServer.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendIommu;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.NegativeReplyException;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.server.component.TestServer.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A front-end with an IOMMU in front of a disk: misses, permissions, invalidation under load. */
final class IommuIT {
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private static final int PAGE = FrontendIommu.PAGE_BYTES;

    /** I/O virtual addresses that are no guest addresses. */
    private static final long AWAY = 0x55_0000_0000L;

    private static final int ROUNDS = Integer.getInteger("ringside.invalidations", 400);
    private static final long SECONDS_5 = 5_000_000_000L;

    private TestServer server;

    @BeforeEach
    void startServer() throws IOException {
        System.out.println("IommuIT: -Dringside.seed=" + SEED);
        server = TestServer.start(2);
    }

    @AfterEach
    void stopServer() throws IOException {
        assertTrue(server.healthy());
        server.close();
    }

    private static BlkOptions options(final boolean packed) {
        final BlkOptions split = BlkOptions.defaults().with(VirtioSpec.F_ACCESS_PLATFORM);
        return packed ? split.with(VirtioSpec.F_RING_PACKED) : split;
    }

    private void stop(final BlkDriver driver, final FrontendIommu iommu) throws Exception {
        iommu.exclusively(driver::stop);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldVerifyEverythingWhileTranslationsAreTakenBackAtRandom(final boolean packed)
            throws Exception {
        final Disk disk = server.disk(server.file(16 * MIB), 2);
        final Random random = new Random(SEED);
        try (BlkDriver driver =
                        disk.start(options(packed).queues(2).queueSize(1024).indirectEntries(8));
                FrontendIommu iommu = new FrontendIommu(driver).start()) {
            final BlkLoad.Running running =
                    new BlkLoad(driver, LoadOptions.verified(16).indirect(true)).start();
            final FrontendRegion region = driver.memory().regions().getLast();
            for (int round = 0; round < ROUNDS; round++) {
                if (random.nextInt(20) == 0) {
                    // Everything, as QEMU says it: the rings are in it.
                    iommu.invalidate(0, 0);
                } else {
                    final long page = random.nextLong(region.sizeBytes() / PAGE);
                    iommu.invalidate(
                            region.guestAddress() + page * PAGE, PAGE * (1L + random.nextInt(512)));
                }
            }
            final long before = running.load().completed();
            Await.until("the load goes on", () -> running.load().completed() > before + 100);
            final LoadResult result = running.stopAndJoin();
            assertTrue(result.clean(), result.summary());
            assertTrue(iommu.misses() > ROUNDS / 20, "misses: " + iommu.misses());
            assertEquals(0, iommu.failures());
            stop(driver, iommu);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldNeverWriteBehindARangeThatWasTakenBack(final boolean packed) throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 2);
        try (BlkDriver driver = disk.start(options(packed).queues(2));
                FrontendIommu iommu = new FrontendIommu(driver).start()) {
            final long[] pages = {
                driver.memory().allocate(PAGE, PAGE), driver.memory().allocate(PAGE, PAGE)
            };
            final List<Reader> readers = List.of(new Reader(driver, 0), new Reader(driver, 1));
            for (int round = 0; round < ROUNDS; round++) {
                final long now = pages[round % 2];
                final MemorySegment old = driver.memory().slice(pages[(round + 1) % 2], PAGE);
                iommu.map(AWAY, driver.memory().userAddress(now), FrontendIommu.READ_WRITE);
                for (final Reader reader : readers) {
                    reader.keepBusy();
                }
                iommu.invalidate(AWAY, PAGE);
                old.fill((byte) 0x5a);
                // What was taken back is another page from here on, also for what is in the ring.
                final long other = pages[(round + 1) % 2];
                final MemorySegment behind = driver.memory().slice(now, PAGE);
                iommu.map(AWAY, driver.memory().userAddress(other), FrontendIommu.READ_WRITE);
                iommu.invalidate(AWAY, PAGE);
                behind.fill((byte) 0x5a);
                readers.forEach(Reader::finish);
                assertUntouched(behind, round);
            }
            stop(driver, iommu);
        }
    }

    private static void assertUntouched(final MemorySegment page, final int round) {
        for (int i = 0; i < PAGE; i++) {
            assertEquals(
                    (byte) 0x5a,
                    page.get(ValueLayout.JAVA_BYTE, i),
                    "round " + round + " byte " + i + ", seed " + SEED);
        }
    }

    /** Reads from the disk into the page at {@link #AWAY}, many at a time. */
    private static final class Reader {
        private static final int DEPTH = 24;

        private final DriverQueue queue;
        private final BlkIo io;
        private final long control;

        Reader(final BlkDriver driver, final int index) throws IOException {
            queue = driver.queue(index);
            io = new BlkIo(driver, index, PAGE);
            control = driver.memory().allocate(DEPTH * 64L, PAGE);
        }

        void keepBusy() {
            for (int i = 0; i < DEPTH; i++) {
                io.writeHeader(control + i * 64L, BlkSpec.T_IN, 8L * i);
                queue.add(
                        new DriverChain()
                                .readable(control + i * 64L, BlkSpec.HEADER_BYTES)
                                .writable(AWAY, PAGE)
                                .writable(control + i * 64L + 32, 1));
                queue.publishAndKick();
            }
        }

        void finish() {
            while (queue.inFlight() > 0) {
                if (queue.pollUsed() < 0) {
                    assertTrue(queue.awaitUsed(SECONDS_5), "requests complete");
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldStopOnlyTheRingThatMayNotWrite(final boolean packed) throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 2);
        try (Neighbour neighbour = Neighbour.start(server);
                BlkDriver driver = disk.start(options(packed).queues(2));
                FrontendIommu iommu = new FrontendIommu(driver).start()) {
            final long page = driver.memory().allocate(PAGE, PAGE);
            driver.memory().slice(page, PAGE).fill((byte) 0x5a);
            iommu.map(AWAY, driver.memory().userAddress(page), FrontendIommu.READ);
            final BlkIo bad = new BlkIo(driver, 0, PAGE);
            // It may read there.
            bad.writeHeader(bad.controlAddress(), BlkSpec.T_OUT, 0);
            assertEquals(BlkSpec.S_OK, bad.execute(chain(bad, true), bad.controlAddress() + 512));
            bad.writeHeader(bad.controlAddress(), BlkSpec.T_IN, 0);
            driver.queue(0).add(chain(bad, false));
            driver.queue(0).publishAndKick();
            Await.until(
                    "the ring stops",
                    () -> server.counters("faults").toString().contains("access_denied"));
            assertUntouched(driver.memory().slice(page, PAGE), 0);
            Await.until("the front-end is told", () -> iommu.failures() == 1);
            final byte[] sector = new byte[512];
            assertEquals(BlkSpec.S_OK, new BlkIo(driver, 1, PAGE).read(0, sector));
            neighbour.assertGoesOn();
            stop(driver, iommu);
        }
    }

    private static DriverChain chain(final BlkIo io, final boolean write) {
        return new DriverChain()
                .readable(io.controlAddress(), BlkSpec.HEADER_BYTES)
                .append(AWAY, PAGE, !write)
                .writable(io.controlAddress() + 512, 1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldSleepWhileAMissIsNotAnsweredAndStopWhenAsked(final boolean packed) throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 1);
        // Nobody answers: not even the ring can start, and stopping it works.
        try (BlkDriver driver = disk.start(options(packed))) {
            driver.queue(0).kick();
            Await.until("the ring is asked for", () -> server.counters("iotlb_misses").size() == 1);
            assertEquals(driver.queue(0).startBase(), driver.stop().getFirst());
        }
        // And the next front-end finds nothing of it.
        try (BlkDriver driver = disk.start(options(packed));
                FrontendIommu iommu = new FrontendIommu(driver).start()) {
            assertEquals(BlkSpec.S_OK, new BlkIo(driver, 0, PAGE).read(0, new byte[512]));
            stop(driver, iommu);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldRefuseHostileMessagesAndGoOn(final boolean packed) throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 1);
        final Random random = new Random(SEED);
        try (Neighbour neighbour = Neighbour.start(server);
                BlkDriver driver = disk.start(options(packed));
                FrontendIommu iommu = new FrontendIommu(driver).start()) {
            final BlkIo io = new BlkIo(driver, 0, PAGE);
            final FrontendRegion region = driver.memory().regions().getLast();
            final long user = region.userAddress();
            final long[][] bad = {
                {0, 0, user},
                {-PAGE, 2 * PAGE, user},
                {0, Long.MIN_VALUE, user},
                {0, -1, user},
                {0, PAGE, user + region.sizeBytes()},
                {0, region.sizeBytes() + PAGE, user},
                {1, PAGE, user},
                {0, PAGE, 0},
                {AWAY, PAGE, -PAGE}
            };
            for (final long[] each : bad) {
                assertThrows(
                        NegativeReplyException.class,
                        () -> iommu.update(each[0], each[1], each[2], FrontendIommu.READ_WRITE));
            }
            assertThrows(NegativeReplyException.class, () -> iommu.update(AWAY, PAGE, user, 4));
            // As many translations as it takes to overflow the table, each apart from the others.
            for (int i = 0; i < 9000; i++) {
                iommu.update(AWAY + 2L * i * PAGE, PAGE, user, 1 + random.nextInt(3));
            }
            assertFalse(server.counters("iotlb_overflows").isEmpty());
            for (int i = 0; i < 200; i++) {
                final long page = random.nextLong(region.sizeBytes() / PAGE);
                iommu.update(AWAY, PAGE, user + page * PAGE, FrontendIommu.READ_WRITE);
                iommu.invalidate(random.nextLong(), random.nextLong());
                assertEquals(BlkSpec.S_OK, io.read(i, new byte[512]));
            }
            neighbour.assertGoesOn();
            stop(driver, iommu);
        }
    }
}
