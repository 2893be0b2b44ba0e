package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BaseConvention;
import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendInflight;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.shm.Memfd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A front-end whose in-flight region is cut, scribbled over, or something else altogether. */
class HostileInflightIT extends Hostile {
    private static final BlkOptions OPTIONS = BlkOptions.defaults();

    /** One queue of 128: 16 + 16 * 128 bytes, rounded up to 64. */
    private static final long REGION_BYTES = 2112;

    private static final int ENTRIES = 128;
    private static final LoadOptions LOAD = LoadOptions.verified(16);

    private BlkDriver track(final FrontendInflight region) throws IOException {
        final BlkDriver driver = victim().start(OPTIONS);
        driver.stop();
        driver.resetQueues();
        driver.inflight(region);
        driver.activate();
        return driver;
    }

    @Test
    void shouldCloseOnlyThatSessionWhenTheRegionIsCutUnderLoad() throws Exception {
        for (int round = 0; round < 8; round++) {
            final FrontendInflight region = FrontendInflight.create(REGION_BYTES, 0, 1, ENTRIES);
            Memfd.seal(region.fd(), Memfd.F_SEAL_SEAL);
            try (BlkDriver driver = track(region)) {
                final BlkLoad load = new BlkLoad(driver, LOAD.stallNs(200_000_000L));
                final BlkLoad.Running running = load.start();
                Await.until("the load runs", () -> load.completed() > 100);
                region.truncate(0);
                assertTrue(driver.protocol().connection().awaitHangup());
                assertThrows(IOException.class, running::join);
            }
            neighbour().assertGoesOn();
        }
    }

    @Test
    void shouldSealTheRegionWhenItMay() throws Exception {
        try (BlkDriver driver = victim().start(OPTIONS)) {
            final FrontendInflight region = Objects.requireNonNull(driver.inflight());
            assertThrows(IOException.class, () -> region.truncate(0));
        }
    }

    @Test
    void shouldServeOnWhenTheRegionIsScribbledOver() throws Exception {
        final Random random = new Random(SEED);
        try (BlkDriver driver = victim().start(OPTIONS);
                Arena arena = Arena.ofConfined()) {
            final FrontendInflight region = Objects.requireNonNull(driver.inflight());
            final MemorySegment bytes = region.map(arena);
            final BlkLoad load = new BlkLoad(driver, LOAD);
            final BlkLoad.Running running = load.start();
            Await.until(
                    "the load runs while its notes are spoiled",
                    () -> {
                        bytes.set(
                                ValueLayout.JAVA_BYTE,
                                random.nextInt((int) bytes.byteSize()),
                                (byte) random.nextInt());
                        return load.completed() > 3_000;
                    });
            final LoadResult result = running.stopAndJoin();
            assertTrue(result.clean(), result.summary());
        }
    }

    /** What the region holds decides at the start: the queue stops or goes on, and nothing else. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldStopAQueueOrGoOnWhateverTheRegionHolds(final boolean packed) throws Exception {
        final Random random = new Random(SEED);
        final BlkOptions options = packed ? OPTIONS.with(VirtioSpec.F_RING_PACKED) : OPTIONS;
        for (int round = 0; round < 40; round++) {
            try (BlkDriver driver = victim().start(options);
                    Arena arena = Arena.ofConfined()) {
                final FrontendInflight region = Objects.requireNonNull(driver.inflight());
                final MemorySegment bytes = region.map(arena);
                final byte[] garbage = new byte[(int) bytes.byteSize()];
                random.nextBytes(garbage);
                final int kept = random.nextInt(3);
                // Nothing, the header, or the header and the marks are as they must be.
                for (int at = kept == 0 ? 0 : 16; at < garbage.length; at++) {
                    final boolean mark = kept == 2 && at % 16 == 0;
                    bytes.set(
                            ValueLayout.JAVA_BYTE,
                            at,
                            mark ? (byte) (garbage[at] & 1) : garbage[at]);
                }
                driver.reconnect(victim().connect(), BaseConvention.USED_INDEX);
                driver.protocol().getFeatures();
            } catch (IOException e) {
                // Refused, and the session ended: as good.
                assertTrue(e.getMessage() != null || e.getCause() == null);
            }
        }
        neighbour().assertGoesOn();
    }

    /** The guest can write there too, and the device writes over its own ring. */
    @Test
    void shouldSurviveARegionInGuestMemory() throws Exception {
        try (BlkDriver driver = victim().start(OPTIONS)) {
            driver.stop();
            final FrontendRegion memory = driver.memory().regions().getFirst();
            final long ring = driver.queue(0).layout().descriptorGuestAddress();
            final FrontendInflight inside =
                    new FrontendInflight(
                            memory.fd().duplicate(),
                            REGION_BYTES,
                            memory.mmapOffset() + ring - memory.guestAddress(),
                            1,
                            ENTRIES);
            Objects.requireNonNull(driver.inflight()).close();
            driver.inflight(inside);
            driver.activate();
            final BlkLoad load = new BlkLoad(driver, LOAD.stallNs(200_000_000L).requests(50));
            try {
                load.run();
            } catch (IOException | RuntimeException e) {
                assertTrue(e.getMessage() != null, "the driver gave up on its own ring");
            }
            assertEquals(OPTIONS, driver.options());
        }
        neighbour().assertGoesOn();
    }
}
