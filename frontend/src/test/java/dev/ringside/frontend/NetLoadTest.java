package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.TinyNic.Manner;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The load against a NIC made here: what it does right and what it notices. */
final class NetLoadTest {
    private static final long PLAIN = NetOptions.PLAIN_FEATURES;
    private static final long SETTLE_NS = 20_000_000;

    private static NetDriver start(final TinyNic nic, final NetOptions options) throws IOException {
        return NetDriver.start(nic.connect(), FrontendMemory.likePc(16 << 20), options);
    }

    private static NetLoadResult run(final Manner manner, final NetLoadOptions options)
            throws IOException {
        try (TinyNic nic = TinyNic.start(manner, PLAIN);
                NetDriver driver = start(nic, NetOptions.defaults().indirectEntries(16))) {
            return new NetLoad(driver, options.settleNs(SETTLE_NS)).run();
        }
    }

    @ParameterizedTest
    @EnumSource(StartOrder.class)
    void shouldLoopVerifiedFramesWhenStartedInAnyOrder(final StartOrder order) throws IOException {
        final int pairs = order == StartOrder.FIRECRACKER ? 1 : 2;
        try (TinyNic nic = TinyNic.start(Manner.HONEST, PLAIN);
                NetDriver driver = start(nic, NetOptions.defaults().order(order).pairs(pairs))) {
            final NetLoadResult result =
                    new NetLoad(driver, NetLoadOptions.verified(100, 16).frames(3_000)).run();
            assertTrue(result.clean(), result.summary());
            assertEquals(3_000, result.received());
            assertEquals(3_000 * 100, result.receivedBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldLoopFramesOfAllSizesWhenTheyAreMerged(final boolean indirect) throws IOException {
        final NetLoadResult result =
                run(
                        Manner.HONEST,
                        NetLoadOptions.verified(60, 8)
                                .sizes(30, 5_000)
                                .receiveBytes(512)
                                .receiveBuffers(100)
                                .layouts(
                                        NetLayout.pieces(600).indirect(indirect),
                                        NetLayout.headerApart().indirect(indirect))
                                .frames(2_000));
        assertTrue(result.clean(), result.summary());
        assertEquals(2_000, result.received());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldCountFramesIntoSink(final boolean polled) throws IOException {
        final NetLoadResult result =
                run(Manner.SWALLOW, NetLoadOptions.sink(64, 64).polled(polled).frames(2_000));
        assertEquals(2_000, result.sent());
        assertEquals(2_000, result.frames());
        assertEquals(0, result.received());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldCountFramesFromSource(final boolean polled) throws IOException {
        final NetLoadResult result =
                run(Manner.GENERATE, NetLoadOptions.source(64).polled(polled).frames(2_000));
        assertTrue(result.received() >= 2_000, result.summary());
        assertEquals(result.received() * TinyNic.GENERATED_BYTES, result.receivedBytes());
        assertEquals(0, result.altered());
    }

    @Test
    void shouldTimeRoundTrips() throws IOException {
        final NetLoadResult result = run(Manner.HONEST, NetLoadOptions.roundTrip(64).frames(500));
        assertTrue(result.clean(), result.summary());
        assertEquals(500, result.latency().count());
    }

    @Test
    void shouldCountAlteredFrames() throws IOException {
        final NetLoadResult result = run(Manner.ALTER, NetLoadOptions.verified(100, 8).frames(100));
        assertEquals(20, result.altered());
        assertEquals(20, result.lost());
        assertFalse(result.clean());
    }

    @Test
    void shouldCountLostFrames() throws IOException {
        final NetLoadResult result = run(Manner.LOSE, NetLoadOptions.verified(100, 8).frames(100));
        assertEquals(20, result.lost());
        assertEquals(80, result.received());
    }

    @Test
    void shouldCountDoubledFrames() throws IOException {
        // The last frame must not be a doubled one: its double comes when the load is over.
        final NetLoadResult result = run(Manner.DOUBLE, NetLoadOptions.verified(100, 8).frames(99));
        assertEquals(19, result.duplicated());
        assertEquals(0, result.lost());
    }

    @Test
    void shouldCountReorderedFrames() throws IOException {
        final NetLoadResult result = run(Manner.SWAP, NetLoadOptions.verified(100, 8).frames(100));
        assertTrue(result.reordered() > 0, result.summary());
        assertEquals(0, result.lost());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldFailWhenDeviceMovesNothing(final boolean polled) throws IOException {
        try (TinyNic nic = TinyNic.start(Manner.SILENT, PLAIN);
                NetDriver driver = start(nic, NetOptions.defaults())) {
            final NetLoad load =
                    new NetLoad(
                            driver,
                            NetLoadOptions.verified(64, 4).polled(polled).stallNs(20_000_000));
            final IOException e = assertThrows(IOException.class, load::run);
            assertTrue(e.toString().contains("4 frames under way"), e.toString());
        }
    }

    @Test
    void shouldRunAgainWhenDriverIsRestarted() throws IOException {
        try (TinyNic nic = TinyNic.start(Manner.HONEST, PLAIN);
                NetDriver driver = start(nic, NetOptions.defaults())) {
            final NetLoadOptions options = NetLoadOptions.verified(64, 16).frames(500);
            assertTrue(new NetLoad(driver, options).run().clean());
            assertThrows(IllegalArgumentException.class, () -> new NetLoad(driver, options));
            driver.restart();
            final NetLoadResult again = new NetLoad(driver, options).run();
            assertTrue(again.clean(), again.summary());
        }
    }

    @Test
    void shouldStopWhenToldTo() throws IOException {
        try (TinyNic nic = TinyNic.start(Manner.HONEST, PLAIN);
                NetDriver driver = start(nic, NetOptions.defaults())) {
            final NetLoad.Running running =
                    new NetLoad(driver, NetLoadOptions.verified(64, 16)).start();
            while (running.load().completed() < 500) {
                Thread.onSpinWait();
            }
            final NetLoadResult result = running.stopAndJoin();
            assertTrue(result.clean(), result.summary());
        }
    }

    @Test
    void shouldRejectBuffersThatDoNotFit() throws IOException {
        try (TinyNic nic = TinyNic.start(Manner.HONEST, PLAIN);
                NetDriver driver = start(nic, NetOptions.defaults())) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new NetLoad(driver, NetLoadOptions.sink(64, 257)));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new NetLoad(driver, NetLoadOptions.verified(29, 1)));
        }
    }
}
