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

/** A NIC's front-end whose in-flight region is cut, scribbled over, or full of anything. */
class NetHostileInflightIT extends HostileNics {
    private static final int ENTRIES = 128;

    /** QEMU keeps no region for a NIC. */
    private static final NetOptions OPTIONS =
            OFFLOADS.queueSize(ENTRIES).order(StartOrder.CLOUD_HYPERVISOR);

    /** Two queues, each of 16 + 16 * 128 bytes, rounded up to 64. */
    private static final long REGION_BYTES = 2 * 2112;

    private static final NetLoadOptions LOAD = NetLoadOptions.verified(100, 16);

    private NetDriver track(final FrontendInflight region) throws IOException {
        final NetDriver driver = nic().start(OPTIONS);
        driver.stop();
        driver.resetQueues();
        driver.inflight(region);
        driver.activate();
        return driver;
    }

    @Test
    void shouldCloseOnlyThatSessionWhenTheRegionIsCutUnderLoad() throws Exception {
        for (int round = 0; round < 8; round++) {
            final FrontendInflight region = FrontendInflight.create(REGION_BYTES, 0, 2, ENTRIES);
            Memfd.seal(region.fd(), Memfd.F_SEAL_SEAL);
            try (NetDriver driver = track(region)) {
                final NetLoad load = new NetLoad(driver, LOAD.stallNs(200_000_000L));
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
                        bytes.set(
                                ValueLayout.JAVA_BYTE,
                                random.nextInt((int) bytes.byteSize()),
                                (byte) random.nextInt());
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
                driver.reconnect(nic().connect(), BaseConvention.AVAILABLE_INDEX);
                driver.protocol().getFeatures();
            } catch (IOException e) {
                // Refused, and the session ended: as good.
                assertTrue(e.getMessage() != null || e.getCause() == null);
            }
        }
    }
}
