package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetIo.Received;
import dev.ringside.frontend.NetIo.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The net driver against a back-end that others wrote: DPDK's net_vhost. What fails here is a fault
 * of the driver, not of Ringside's device.
 */
@TestInstance(Lifecycle.PER_CLASS)
final class DpdkPeerIT {
    private static final long FRAMES = 100_000;

    private Path socket;
    private Testpmd peer;

    @BeforeAll
    void startPeer(@TempDir final Path folder) throws IOException {
        socket = folder.resolve("peer");
        final int lastCpu = Runtime.getRuntime().availableProcessors() - 1;
        peer = Testpmd.start(Testpmd.Setup.backEnd(socket, lastCpu, false));
    }

    @AfterAll
    void stopPeer() {
        peer.close();
    }

    private NetDriver start(final NetOptions options) throws IOException {
        return NetDriver.start(
                FrontendConnection.connect(socket),
                FrontendMemory.likePc(32 << 20),
                options.queueSize(1024).indirectEntries(16));
    }

    private NetLoadResult run(
            final String mode, final NetOptions options, final NetLoadOptions load)
            throws IOException {
        peer.forward(mode);
        try (NetDriver driver = start(options)) {
            final NetLoadResult result = new NetLoad(driver, load.backendPid(peer.pid())).run();
            System.out.println(result.summary());
            return result;
        } finally {
            peer.stop();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 1518})
    void shouldFillSink(final int bytes) throws IOException {
        final NetLoadResult result =
                run(
                        "rxonly",
                        NetOptions.defaults(),
                        NetLoadOptions.sink(bytes, 256).frames(FRAMES));
        assertEquals(FRAMES, result.sent());
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 1518})
    void shouldEmptySource(final int bytes) throws IOException {
        peer.frameBytes(bytes);
        final NetLoadResult result =
                run("txonly", NetOptions.defaults(), NetLoadOptions.source(256).frames(FRAMES));
        assertEquals(0, result.altered());
        assertEquals(result.received() * bytes, result.receivedBytes());
    }

    static Stream<Arguments> loops() {
        final NetOptions defaults = NetOptions.defaults();
        final NetOptions plain =
                defaults.without(VirtioSpec.F_EVENT_IDX).without(NetSpec.F_MRG_RXBUF);
        final NetOptions old = plain.without(VirtioSpec.F_VERSION_1);
        final NetOptions packed = defaults.with(VirtioSpec.F_RING_PACKED);
        final NetLayout indirect = NetLayout.pieces(500).indirect(true);
        return Stream.of(
                Arguments.of(defaults, NetLoadOptions.verified(64, 64)),
                Arguments.of(defaults, NetLoadOptions.verified(1518, 64).polled(true)),
                Arguments.of(defaults, NetLoadOptions.verified(64, 64).sizes(30, 1518)),
                Arguments.of(plain, NetLoadOptions.verified(64, 64).sizes(30, 1518)),
                Arguments.of(old, NetLoadOptions.verified(64, 64).sizes(30, 1518)),
                Arguments.of(packed, NetLoadOptions.verified(64, 64).sizes(30, 1518)),
                Arguments.of(
                        packed.with(VirtioSpec.F_IN_ORDER).without(VirtioSpec.F_EVENT_IDX),
                        NetLoadOptions.verified(64, 64).sizes(30, 1518)),
                Arguments.of(
                        packed.without(NetSpec.F_MRG_RXBUF),
                        NetLoadOptions.verified(64, 64)
                                .sizes(30, 1518)
                                .layouts(NetLayout.headerApart(), indirect)),
                Arguments.of(
                        defaults,
                        NetLoadOptions.verified(64, 64)
                                .sizes(30, 1518)
                                .receiveBytes(600)
                                .receiveBuffers(256)
                                .layouts(indirect, NetLayout.headerApart())),
                Arguments.of(
                        plain,
                        NetLoadOptions.verified(64, 64)
                                .sizes(30, 1518)
                                .layouts(NetLayout.headerApart(), indirect)));
    }

    @ParameterizedTest
    @MethodSource("loops")
    void shouldGetEveryFrameBack(final NetOptions options, final NetLoadOptions load)
            throws IOException {
        final NetLoadResult result = run("io", options, load.frames(FRAMES));
        assertTrue(result.clean(), result.summary());
        assertEquals(FRAMES, result.received());
    }

    @Test
    void shouldTimeRoundTrips() throws IOException {
        final NetLoadResult result =
                run("io", NetOptions.defaults(), NetLoadOptions.roundTrip(64).frames(10_000));
        assertTrue(result.clean(), result.summary());
        assertEquals(10_000, result.latency().count());
    }

    @Test
    void shouldRunAgainAfterRestart() throws IOException {
        peer.forward("io");
        try (NetDriver driver = start(NetOptions.defaults())) {
            for (int i = 0; i < 3; i++) {
                final NetLoadResult result =
                        new NetLoad(driver, NetLoadOptions.verified(64, 64).frames(1_000)).run();
                assertTrue(result.clean(), result.summary());
                driver.restart();
            }
        } finally {
            peer.stop();
        }
    }

    @Test
    void shouldGetSingleFramesBackInAnyLayout() throws IOException {
        peer.forward("io");
        try (NetDriver driver = start(NetOptions.defaults())) {
            final NetIo io =
                    new NetIo(
                            driver,
                            0,
                            Shape.defaults()
                                    .receive(64, 700, NetLayout.headerApart().gapBytes(9))
                                    .transmit(new NetLayout(NetLayout.HEADER, 100, 3, false)));
            final Random random = new Random(1);
            for (int length = 60; length < 1518; length += 100) {
                final byte[] frame = new byte[length];
                random.nextBytes(frame);
                io.send(NetHeader.PLAIN, frame);
                final Received received = io.receive();
                assertArrayEquals(frame, received.frame());
                assertTrue(received.clean(), "bytes were written outside the frame");
            }
        } finally {
            peer.stop();
        }
    }
}
