package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.NetSpec;
import dev.ringside.frontend.VirtioDriver;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Drivers whose other threads write every field of their rings, tables and headers at random while
 * the device reads them; stopped queues are started again and again. {@code
 * -Dringside.race.seconds=300} races that long on each device and ring.
 */
class RacingDriverIT extends HostileNics {
    private static final long SECONDS = Long.getLong("ringside.race.seconds", 2);
    private static final int SIZE = 64;
    private static final int KICKS = 100;
    private static final int KICK_NS = 50_000;
    private static final int RESTART = 3;
    private static final long SECTORS = 8L * TestServer.MIB / BlkSpec.SECTOR_BYTES;
    private static final int[] TYPES = {
        BlkSpec.T_IN,
        BlkSpec.T_OUT,
        BlkSpec.T_IN,
        BlkSpec.T_OUT,
        BlkSpec.T_FLUSH,
        BlkSpec.T_GET_ID,
        BlkSpec.T_DISCARD,
        BlkSpec.T_WRITE_ZEROES,
        BlkSpec.T_SECURE_ERASE,
        2,
        99,
        -1
    };
    private static final long[] SECTOR_VALUES = {
        SECTORS - 1, SECTORS, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 55
    };

    private long writes;
    private long sessions;
    private long restarts;

    private interface Start {
        VirtioDriver start(RacingScene scene) throws IOException;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldServeTheOthersWhileADiskDriverRaces(final boolean packed) throws Exception {
        final BlkOptions plain = BlkOptions.defaults().queueSize(SIZE).indirectEntries(4);
        final BlkOptions options = packed ? plain.with(VirtioSpec.F_RING_PACKED) : plain;
        race(
                packed,
                scene -> BlkDriver.start(victim().connect(), scene.memory(), options),
                (scene, scribbler) -> {
                    scene.scribbleOverBuffers(
                            scribbler, 0, 4, random -> TYPES[random.nextInt(TYPES.length)]);
                    scene.scribbleOverBuffers(scribbler, 8, 8, RacingDriverIT::sector);
                });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldServeTheOthersWhileANicDriverRaces(final boolean packed) throws Exception {
        final NetOptions plain = OFFLOADS.queueSize(SIZE).indirectEntries(4);
        final NetOptions options = packed ? plain.with(VirtioSpec.F_RING_PACKED) : plain;
        race(
                packed,
                scene -> NetDriver.start(nic().connect(), scene.memory(), options),
                (scene, scribbler) -> {
                    scene.scribbleOverBuffers(scribbler, 0, 1, random -> random.nextInt(4));
                    scene.scribbleOverBuffers(scribbler, 1, 1, RacingDriverIT::segmentation);
                    for (int field = NetSpec.HDR_HDR_LEN;
                            field < NetSpec.HDR_NUM_BUFFERS;
                            field += Short.BYTES) {
                        scene.scribbleOverBuffers(scribbler, field, 2, RacingDriverIT::extent);
                    }
                });
    }

    private static long sector(final Random random) {
        return random.nextInt(4) == 0
                ? SECTOR_VALUES[random.nextInt(SECTOR_VALUES.length)]
                : random.nextLong(SECTORS);
    }

    private static long segmentation(final Random random) {
        return random.nextInt(6) | (random.nextInt(8) == 0 ? NetSpec.GSO_ECN : 0);
    }

    private static long extent(final Random random) {
        return random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(200);
    }

    private interface Headers {
        void add(RacingScene scene, Scribbler scribbler);
    }

    private void race(final boolean packed, final Start start, final Headers headers)
            throws Exception {
        final Random random = new Random(SEED);
        final Map<String, Long> chains = server().counters("chains_total");
        final long endNs = System.nanoTime() + SECONDS * 1_000_000_000L;
        while (System.nanoTime() - endNs < 0) {
            final RacingScene scene = new RacingScene();
            try (VirtioDriver driver = start.start(scene);
                    Scribbler rings = new Scribbler(random.nextLong());
                    Scribbler contents = new Scribbler(random.nextLong())) {
                driver.queues().forEach(queue -> scene.scribbleOver(rings, queue, packed));
                scene.scribbleOverTables(contents);
                headers.add(scene, contents);
                rings.start();
                contents.start();
                sessions++;
                drive(driver, random);
                writes += rings.stop() + contents.stop();
                scene.assertUnnamedUntouched(SEED);
            }
        }
        final long faults =
                server().counters("queue_faults").values().stream().mapToLong(n -> n).sum();
        System.out.printf(
                "attack | racing%s: %d writes of fields, %d sessions, %d restarts, %d faults%n",
                packed ? ", packed" : "", writes, sessions, restarts, faults);
        assertTrue(!server().counters("chains_total").equals(chains), "the device took chains");
    }

    /** Kicks, and has stopped queues started again, while the others write. */
    private void drive(final VirtioDriver driver, final Random random) {
        try {
            for (int i = 0; i < KICKS; i++) {
                driver.queues().forEach(queue -> queue.kick());
                LockSupport.parkNanos(random.nextInt(KICK_NS));
                if (random.nextInt(RESTART) == 0) {
                    driver.stop();
                    driver.resetQueues();
                    driver.activate();
                    restarts++;
                }
            }
        } catch (IOException e) {
            // Refused or hung up, for what the ring said when it was to start.
            assertTrue(server().healthy(), e.toString());
        }
    }
}
