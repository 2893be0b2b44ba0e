package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendIommu;
import dev.ringside.frontend.FrontendLog;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.control.ControlClient;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.EngineConfig;
import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SavedEndpoint;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.upgrade.Wire;
import dev.ringside.virtio.blk.BlkConfig;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.backend.BlockBackend;
import dev.ringside.virtio.blk.backend.BlockBackends;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One engine after the other goes on with the same connection, as processes do in an upgrade, and
 * everything that travels goes through a socket; a verified load runs all the time.
 */
@Timeout(120)
final class HandOverIT {
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private static final int POSTCOPY_ADVISE = 28;
    private static final int POSTCOPY_LISTEN = 29;
    private static final int POSTCOPY_END = 30;

    /** Where the payload of an IOTLB message says what it is. */
    private static final int IOTLB_TYPE = 25;

    private static final int DEPTH = 16;
    private static final int HAND_OVERS = Integer.getInteger("ringside.handovers", 25);
    private static final long LIMIT_S = 20;
    private static final String STORAGE = "memory:size=16M";

    @TempDir private Path folder = Path.of("/nonexistent");

    /** What happens while nobody serves. */
    private interface Meanwhile {
        void run() throws Exception;
    }

    /** An engine that serves the disk. */
    private record Host(Engine engine, BlkDevice disk, MetricsRegistry metrics)
            implements AutoCloseable {
        static Host first(final Path socket, final int queues) throws Exception {
            final MetricsRegistry metrics = new MetricsRegistry();
            final Engine engine = Engine.start(config(), metrics);
            final BlkDevice disk = disk(queues, BlockBackends.open(STORAGE, false));
            engine.attach(disk, new SocketSource.Listen(socket, 0600, null, null));
            return new Host(engine, disk, metrics);
        }

        private static EngineConfig config() {
            return EngineConfig.of(2, IdleMode.ADAPTIVE);
        }

        private static BlkDevice disk(final int queues, final BlockBackend backend) {
            return BlkDevice.create(
                    BlkConfig.named("d").withQueues(queues).withMaxQueueSize(1024),
                    backend,
                    new MetricsRegistry());
        }

        /** Freezes, and goes on in another engine, with another device on the same memory. */
        Host next(final int queues) throws Exception {
            return next(queues, () -> {});
        }

        Host next(final int queues, final Meanwhile whileFrozen) throws Exception {
            final MetricsRegistry metrics2 = new MetricsRegistry();
            final Engine engine2 = Engine.startFrozen(config(), metrics2);
            final var storage = Objects.requireNonNull(disk.storage()).duplicate();
            final BlkDevice disk2 = disk(queues, BlockBackends.open(STORAGE, false, storage));
            engine2.attach(disk2, new SocketSource.Inherited(0));
            final List<SavedEndpoint> saved = freeze();
            whileFrozen.run();
            final Wire.State passed =
                    ControlClient.passed(new Wire.State(0, saved), Wire.State.class);
            engine2.restore(passed.endpoints());
            engine2.thaw().get(LIMIT_S, TimeUnit.SECONDS);
            engine.abandon();
            close();
            return new Host(engine2, disk2, metrics2);
        }

        /** Those of the front-end, open there. */
        long descriptors() {
            return Objects.requireNonNull(
                    Shown.gauges(metrics).get("ringside_session_descriptors{device=d}"));
        }

        List<SavedEndpoint> freeze() throws Exception {
            return engine.freeze().get(LIMIT_S, TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            engine.close();
            disk.close();
        }
    }

    private Path socket() {
        return folder.resolve("d.sock");
    }

    private static BlkDriver start(
            final Path socket, final int queues, final boolean eventIdx, final boolean packed)
            throws IOException {
        return start(
                socket,
                BlkOptions.defaults().queues(queues).order(StartOrder.QEMU),
                eventIdx,
                packed);
    }

    private static BlkDriver start(
            final Path socket, final BlkOptions given, final boolean eventIdx, final boolean packed)
            throws IOException {
        BlkOptions options = given;
        options = packed ? options.with(VirtioSpec.F_RING_PACKED) : options;
        options = eventIdx ? options : options.without(VirtioSpec.F_EVENT_IDX);
        return BlkDriver.start(
                FrontendConnection.connect(socket), FrontendMemory.likePc(16 << 20), options);
    }

    /** It gave them, however often they are handed over: limits count them, others close them. */
    @Test
    void shouldCountTheFrontEndsDescriptorsAsTheEngineBeforeDid() throws Exception {
        final BlkOptions options = BlkOptions.defaults().queues(2).order(StartOrder.QEMU);
        Host host = Host.first(socket(), 2);
        try {
            try (BlkDriver driver = start(socket(), options.inflight(true), true, false)) {
                final LoadOptions load = LoadOptions.verified(DEPTH).requests(100);
                assertTrue(new BlkLoad(driver, load).run().clean());
                final long before = host.descriptors();
                assertTrue(before > 5, before + " descriptors");

                host = host.next(2).next(2);

                assertEquals(before, host.descriptors());
            }
            final Host last = host;
            Await.until("all are closed", () -> last.descriptors() == 0);
        } finally {
            assertTrue(host.engine().shutdown(20_000));
            host.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, true, false, true",
        "4, true, false, true",
        "4, false, false, true",
        "1, false, true, true",
        "4, true, true, true",
        // Only the bases say where rings are.
        "4, true, false, false",
        "4, true, true, false"
    })
    void shouldLoseNothingWhenEngineAfterEngineGoesOn(
            final int queues, final boolean eventIdx, final boolean packed, final boolean region)
            throws Exception {
        Host host = Host.first(socket(), queues);
        final BlkOptions options = BlkOptions.defaults().queues(queues).order(StartOrder.QEMU);
        try (BlkDriver driver = start(socket(), options.inflight(region), eventIdx, packed)) {
            final BlkLoad.Running load = new BlkLoad(driver, LoadOptions.verified(DEPTH)).start();
            for (int i = 0; i < HAND_OVERS; i++) {
                final long before = load.load().completed();
                host = host.next(queues);
                Await.until(
                        "the load goes on after hand-over " + i,
                        () -> load.load().completed() > before + DEPTH || load.ended());
            }

            final LoadResult result = load.stopAndJoin();

            assertTrue(result.clean(), result.summary());
            assertTrue(result.requests() > HAND_OVERS, result.summary());
        } finally {
            assertTrue(host.engine().shutdown(20_000));
            host.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldUseNoStaleTranslationWhenEngineAfterEngineGoesOn(final boolean packed)
            throws Exception {
        BlkOptions options =
                BlkOptions.defaults()
                        .queues(2)
                        .order(StartOrder.QEMU)
                        .with(VirtioSpec.F_ACCESS_PLATFORM);
        options = packed ? options.with(VirtioSpec.F_RING_PACKED) : options;
        final Random random = new Random(SEED);
        Host host = Host.first(socket(), 2);
        try (BlkDriver driver =
                        BlkDriver.start(
                                FrontendConnection.connect(socket()),
                                FrontendMemory.likePc(16 << 20),
                                options);
                FrontendIommu iommu = new FrontendIommu(driver).start()) {
            final BlkLoad.Running load = new BlkLoad(driver, LoadOptions.verified(DEPTH)).start();
            final FrontendRegion region = driver.memory().regions().getLast();
            for (int i = 0; i < HAND_OVERS; i++) {
                final long before = load.load().completed();
                final FutureTask<Void> takingBack =
                        new FutureTask<>(() -> takeBack(iommu, region, random.nextLong()), null);
                new Thread(takingBack, "taking-back").start();
                if (i % 3 == 2) {
                    assertEquals(1, host.freeze().size());
                    host.engine().thaw().get(LIMIT_S, TimeUnit.SECONDS);
                } else {
                    host = host.next(2);
                }
                takingBack.get(LIMIT_S, TimeUnit.SECONDS);
                Await.until(
                        "the load goes on after hand-over " + i,
                        () -> load.load().completed() > before + DEPTH || load.ended());
            }
            final LoadResult result = load.stopAndJoin();
            assertTrue(result.clean(), () -> result.summary() + ", seed " + SEED);
            assertEquals(0, iommu.failures());
            iommu.exclusively(driver::stop);
        } finally {
            assertTrue(host.engine().shutdown(20_000));
            host.close();
        }
    }

    private static void takeBack(
            final FrontendIommu iommu, final FrontendRegion region, final long seed) {
        final Random random = new Random(seed);
        final long pages = region.sizeBytes() / FrontendIommu.PAGE_BYTES;
        for (int i = 0; i < 20; i++) {
            final long at =
                    region.guestAddress() + random.nextLong(pages) * FrontendIommu.PAGE_BYTES;
            try {
                iommu.invalidate(at, FrontendIommu.PAGE_BYTES * (1L + random.nextInt(256)));
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void shouldLeaveAnswersToWhoeverGoesOn() throws Exception {
        final Host first = Host.first(socket(), 1);
        Host host = first;
        final BlkOptions options =
                BlkOptions.defaults().order(StartOrder.QEMU).with(VirtioSpec.F_ACCESS_PLATFORM);
        try (BlkDriver driver = start(socket(), options, true, false)) {
            final FrontendConnection channel = Objects.requireNonNull(driver.backendChannel());
            // Nobody translates, so the ring waits: its pages were asked for.
            assertTrue(takeTypes(channel).contains(FrontendIommu.MISS));

            host =
                    host.next(
                            1,
                            () -> {
                                final byte[] no = {1, 0, 0, 0, 0, 0, 0, 0};
                                channel.send(1, VhostUserSpec.REPLY, no);
                                // Twice around: whoever listens has heard it.
                                first.engine().status();
                                first.engine().status();
                                assertEquals(List.of(), takeTypes(channel), "nobody listens");
                            });

            Await.until(
                    "the new one hears it",
                    () -> takeTypes(channel).contains(FrontendIommu.ACCESS_FAIL));
        } finally {
            assertTrue(host.engine().shutdown(20_000));
            host.close();
        }
    }

    private static List<Integer> takeTypes(final FrontendConnection channel) throws IOException {
        final List<Integer> types = new ArrayList<>();
        while (channel.awaitReadable(0)) {
            types.add((int) channel.receive().buffer().get(IOTLB_TYPE));
        }
        return types;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLogEveryPageWhenEngineAfterEngineGoesOnDuringAMigration(final boolean packed)
            throws Exception {
        Host host = Host.first(socket(), 1);
        try (BlkDriver driver = start(socket(), 1, true, packed)) {
            final PageCopies copies = new PageCopies(driver.memory());
            final LoggedLoad load = LoggedLoad.ofDisk(driver, copies, SEED);
            load.awaitMore(20);
            try (FrontendLog log = FrontendLog.start(driver)) {
                copies.copyAll();
                for (int i = 0; i < HAND_OVERS; i++) {
                    load.awaitMore(30);
                    host = host.next(1);
                    copies.copy(i % 2 == 1 ? log.replace() : log.take());
                }
                load.awaitMore(30);
                load.stop();
                driver.stop();
                copies.copy(log.take());
                assertEquals(new BitSet(), copies.stale(), "stale pages, seed " + SEED);
                assertTrue(copies.compared() > 10, copies.compared() + " pages compared");
                log.stop();
            }
        } finally {
            assertTrue(host.engine().shutdown(20_000));
            host.close();
        }
    }

    @Test
    void shouldRefuseToBeSavedWhileMemoryArrivesByPostcopyAndGoOn() throws Exception {
        final Host host = Host.first(socket(), 1);
        try (BlkDriver driver = start(socket(), 1, true, false)) {
            driver.stop();
            final FrontendProtocol protocol = driver.protocol();
            protocol.setProtocolFeatures(protocol.getProtocolFeatures());
            protocol.connection().send(POSTCOPY_ADVISE, 0, new byte[0]);
            protocol.connection().receive().closeFds();
            protocol.tellAndWait(POSTCOPY_LISTEN, new byte[0]);

            final ExecutionException e = assertThrows(ExecutionException.class, host::freeze);
            host.engine().thaw().get(LIMIT_S, TimeUnit.SECONDS);

            final String message = String.valueOf(e.getCause());
            assertTrue(message.contains("is being migrated here"), message);
            protocol.connection().send(POSTCOPY_END, 0, new byte[0]);
            assertEquals(POSTCOPY_END, protocol.connection().receive().request());
            driver.activate();
            assertEquals(BlkSpec.S_OK, new BlkIo(driver, 0, 4096).read(0, new byte[512]));
        } finally {
            assertTrue(host.engine().shutdown(20_000));
            host.close();
        }
    }

    @Test
    void shouldGoOnInPlaceWhenNobodyTakesOver() throws Exception {
        final Host host = Host.first(socket(), 4);
        try (BlkDriver driver = start(socket(), 4, true, false)) {
            final BlkLoad.Running load = new BlkLoad(driver, LoadOptions.verified(DEPTH)).start();
            for (int i = 0; i < HAND_OVERS; i++) {
                final long before = load.load().completed();
                assertEquals(1, host.freeze().size());
                host.engine().thaw().get(LIMIT_S, TimeUnit.SECONDS);
                Await.until(
                        "the load goes on after freeze " + i,
                        () -> load.load().completed() > before + DEPTH || load.ended());
            }
            final LoadResult result = load.stopAndJoin();
            assertTrue(result.clean(), result.summary());
        } finally {
            assertTrue(host.engine().shutdown(20_000));
            host.close();
        }
        assertTrue(Files.notExists(socket()));
    }

    @Test
    void shouldAcceptAfterwardsWhoeverComes() throws Exception {
        Host host = Host.first(socket(), 1);
        try {
            host = host.next(1);
            try (BlkDriver driver = start(socket(), 1, true, false)) {
                assertTrue(driver.capacityBytes() > 0);
            }
        } finally {
            assertTrue(host.engine().shutdown(20_000));
            host.close();
        }
        assertTrue(Files.notExists(socket()), "the last one removes the socket's file");
    }
}
