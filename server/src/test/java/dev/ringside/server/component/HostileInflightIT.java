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
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A front-end whose in-flight region is cut, scribbled over, or something else altogether. */
class HostileInflightIT extends Hostile {
    private static final BlkOptions OPTIONS = BlkOptions.defaults();

    private static final LoadOptions LOAD = LoadOptions.verified(16);

    private BlkDriver track(final FrontendInflight region) throws IOException {
        return RegionAttacks.track(victim().start(OPTIONS), region);
    }

    @Test
    void shouldCloseOnlyThatSessionWhenTheRegionIsCutUnderLoad() throws Exception {
        for (int round = 0; round < 8; round++) {
            final FrontendInflight region = RegionAttacks.unsealed(1);
            try (BlkDriver driver = track(region)) {
                final BlkLoad load = new BlkLoad(driver, LOAD.stallNs(RegionAttacks.PATIENCE_NS));
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
                        RegionAttacks.spoil(bytes, random);
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
                RegionAttacks.fill(bytes, random);
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
                            RegionAttacks.QUEUE_BYTES,
                            memory.mmapOffset() + ring - memory.guestAddress(),
                            1,
                            RegionAttacks.ENTRIES);
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
