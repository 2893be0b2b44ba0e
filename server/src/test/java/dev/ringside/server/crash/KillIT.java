package dev.ringside.server.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ringside.frontend.BaseConvention;
import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLedger;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A disk's process is killed again and again under load: every request ends, once and well, and
 * every acknowledged write is there. {@code -Dringside.kills} says how often in all, {@code
 * -Dringside.seed} repeats the choice of moments.
 */
class KillIT {
    private static final String SEED = "ringside.seed";
    private static final int KILLS = Integer.getInteger("ringside.kills", 16);
    private static final int MIB = 1 << 20;
    private static final int DISK_MIB = 8;
    private static final int DEPTH = 16;
    private static final long START_MS = 60_000;
    private static final long PATIENCE_NS = 60_000_000_000L;

    private final long seed = Long.getLong(SEED, System.nanoTime() & Integer.MAX_VALUE);

    @SuppressWarnings("NullAway.Init")
    @TempDir
    private Path folder;

    private int started;

    /** One way to be connected. */
    record Way(StartOrder order, BaseConvention base, boolean packed, int queues) {
        static Stream<Way> all() {
            final List<Way> ways = new ArrayList<>();
            for (final boolean packed : new boolean[] {false, true}) {
                for (final int queues : new int[] {1, 4}) {
                    ways.add(new Way(StartOrder.QEMU, BaseConvention.USED_INDEX, packed, queues));
                    ways.add(
                            new Way(
                                    StartOrder.CLOUD_HYPERVISOR,
                                    BaseConvention.AVAILABLE_INDEX,
                                    packed,
                                    queues));
                }
            }
            return ways.stream();
        }

        BlkOptions options() {
            final BlkOptions split = BlkOptions.defaults().order(order).queues(queues);
            return packed ? split.with(VirtioSpec.F_RING_PACKED) : split;
        }
    }

    static Stream<Way> ways() {
        return Way.all();
    }

    @BeforeEach
    void tellSeed() {
        System.out.println(getClass().getSimpleName() + ": -D" + SEED + "=" + seed);
    }

    @ParameterizedTest
    @MethodSource("ways")
    void shouldLoseNothingWhenKilled(final Way way) throws Exception {
        final SplittableRandom random = new SplittableRandom(seed ^ way.hashCode());
        final int kills = (int) Math.max(1, KILLS / ways().count());
        final Path image = folder.resolve("image");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) DISK_MIB * MIB);
        }
        MortalServer server = start(way, image, 0);
        try (BlkDriver driver =
                BlkDriver.start(connect(), FrontendMemory.likePc(16L * MIB), way.options())) {
            assertEquals(way.packed, driver.has(VirtioSpec.F_RING_PACKED));
            final LoadOptions options = LoadOptions.verified(DEPTH).seed(seed).stallNs(PATIENCE_NS);
            final BlkLoad load = new BlkLoad(driver, options);
            final BlkLoad.Running running = load.start();
            for (int i = 0; i < kills; i++) {
                server = killAndRestart(server, way, image, driver, running, random);
            }
            // Enough, however few kills there were, to have something to look for.
            awaitProgress(running, 2_000);
            final LoadResult result = running.stopAndJoin();
            assertTrue(result.clean(), result::summary);
            assertKept(driver, load.ledger());
        } catch (final IOException | AssertionError e) {
            throw new AssertionError(
                    way + ", -D" + SEED + "=" + seed + ": " + e + "\n" + server.messages(), e);
        } finally {
            server.kill();
        }
        System.out.println("KillIT: " + way + ": " + started + " servers, " + kills + " kills");
    }

    /** Either from outside, at any moment, or by itself between two stores. */
    private MortalServer killAndRestart(
            final MortalServer doomed,
            final Way way,
            final Path image,
            final BlkDriver driver,
            final BlkLoad.Running running,
            final SplittableRandom random)
            throws Exception {
        awaitProgress(running, random.nextInt(300));
        doomed.kill();
        // Some die while they recover what the one before left.
        int more = random.nextInt(3);
        while (true) {
            final long crashPoint = more > 0 ? 1 + random.nextInt(1 << random.nextInt(12)) : 0;
            more--;
            final MortalServer next = start(way, image, crashPoint);
            try {
                driver.reconnect(connect(), way.base);
                if (crashPoint == 0) {
                    return next;
                }
            } catch (final IOException e) {
                // Refused by one that lives: that is no crash.
                if (crashPoint == 0 || !next.endsWithin(PATIENCE_NS)) {
                    next.tellThreads();
                    next.close();
                    throw e;
                }
            }
            awaitDeath(next, running);
        }
    }

    private static void awaitDeath(final MortalServer server, final BlkLoad.Running running)
            throws Exception {
        final long deadline = System.nanoTime() + PATIENCE_NS;
        while (server.isAlive()) {
            if (running.ended()) {
                server.tellThreads();
                running.join();
            }
            if (System.nanoTime() > deadline) {
                server.tellThreads();
                fail("the server does not reach its crash point: " + server.messages());
            }
            LockSupport.parkNanos(200_000);
        }
        server.kill();
    }

    private static void awaitProgress(final BlkLoad.Running running, final int requests)
            throws Exception {
        final long goal = running.load().completed() + requests;
        while (running.load().completed() < goal) {
            if (running.ended()) {
                fail("the load ended: " + running.join().summary());
            }
            LockSupport.parkNanos(50_000);
        }
    }

    private static void assertKept(final BlkDriver driver, final BlkLedger ledger)
            throws IOException {
        final LoadOptions readAll =
                LoadOptions.verified(DEPTH)
                        .random(false)
                        .readPercent(100)
                        .requests(ledger.blocks());
        final LoadResult result = new BlkLoad(driver, readAll, ledger).run();
        assertTrue(result.clean(), result::summary);
        assertTrue(ledger.known() > ledger.blocks() / 10, "too little was written");
    }

    private MortalServer start(final Way way, final Path image, final long crashPoint)
            throws IOException {
        started++;
        return MortalServer.start(
                socket(), image, way.queues, crashPoint, folder.resolve("messages"));
    }

    private Path socket() {
        return folder.resolve("socket");
    }

    private FrontendConnection connect() throws IOException {
        return FrontendConnection.connect(socket(), START_MS);
    }
}
