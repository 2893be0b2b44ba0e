package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BaseConvention;
import dev.ringside.frontend.FrontendInflight;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetLoadResult;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A NIC's front-end whose in-flight region is cut, scribbled over, or full of anything. */
class NetHostileInflightIT extends HostileNics {
    /** QEMU keeps no region for a NIC. */
    private static final NetOptions OPTIONS =
            OFFLOADS.queueSize(RegionAttacks.ENTRIES).order(StartOrder.CLOUD_HYPERVISOR);

    private static final NetLoadOptions LOAD = NetLoadOptions.verified(100, 16);

    private NetDriver track(final FrontendInflight region) throws IOException {
        return RegionAttacks.track(nic().start(OPTIONS), region);
    }

    @Test
    void shouldCloseOnlyThatSessionWhenTheRegionIsCutUnderLoad() throws Exception {
        for (int round = 0; round < 8; round++) {
            final FrontendInflight region = RegionAttacks.unsealed(2);
            try (NetDriver driver = track(region)) {
                final NetLoad load = new NetLoad(driver, LOAD.stallNs(RegionAttacks.PATIENCE_NS));
                final NetLoad.Running running = load.start();
                Await.until("the load runs", () -> load.completed() > 100);
                region.truncate(0);
                assertTrue(driver.protocol().connection().awaitHangup());
                assertThrows(IOException.class, running::join);
            }
            netNeighbour().assertGoesOn();
        }
    }

    @Test
    void shouldServeOnWhenTheRegionIsScribbledOver() throws Exception {
        final Random random = new Random(SEED);
        try (NetDriver driver = nic().start(OPTIONS);
                Arena arena = Arena.ofConfined()) {
            final MemorySegment bytes = Objects.requireNonNull(driver.inflight()).map(arena);
            final NetLoad load = new NetLoad(driver, LOAD);
            final NetLoad.Running running = load.start();
            Await.until(
                    "the load runs while its notes are spoiled",
                    () -> {
                        RegionAttacks.spoil(bytes, random);
                        return load.completed() > 3_000;
                    });
            final NetLoadResult result = running.stopAndJoin();
            assertTrue(result.clean(), result.summary());
        }
    }

    /** What the region holds decides at the start: the queue stops or goes on, and nothing else. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldStopAQueueOrGoOnWhateverTheRegionHolds(final boolean packed) throws Exception {
        final Random random = new Random(SEED);
        final NetOptions options = packed ? OPTIONS.with(VirtioSpec.F_RING_PACKED) : OPTIONS;
        for (int round = 0; round < 40; round++) {
            try (NetDriver driver = nic().start(options);
                    Arena arena = Arena.ofConfined()) {
                final MemorySegment bytes = Objects.requireNonNull(driver.inflight()).map(arena);
                RegionAttacks.fill(bytes, random);
                driver.reconnect(nic().connect(), BaseConvention.AVAILABLE_INDEX);
                driver.protocol().getFeatures();
            } catch (IOException e) {
                // Refused, and the session ended: as good.
                assertTrue(e.getMessage() != null || e.getCause() == null);
            }
        }
    }
}
