package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetHeader;
import dev.ringside.frontend.NetIo;
import dev.ringside.frontend.NetIo.Received;
import dev.ringside.frontend.NetIo.Shape;
import dev.ringside.frontend.NetLayout;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetLoadResult;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.NetSpec;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames of all lengths, in buffers of every layout that the specification allows. */
@TestInstance(Lifecycle.PER_CLASS)
class NetLoopIT {
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private static final int[] LENGTHS = {14, 15, 59, 60, 64, 1514, 1518, 4000, 9014, 65_535};

    private TestServer server;
    private TestServer.Nic nic;

    @BeforeAll
    void startServer() throws Exception {
        server = TestServer.start(2);
        nic = server.nic("loopback");
    }

    @AfterAll
    void stopServer() throws IOException {
        assertTrue(server.healthy());
        server.close();
    }

    static Stream<Arguments> shapes() {
        final NetOptions mergeable = NetOptions.defaults().without(NetSpec.F_MTU);
        final NetOptions whole = mergeable.without(NetSpec.F_MRG_RXBUF);
        final NetOptions old = whole.without(VirtioSpec.F_VERSION_1);
        final NetOptions packed = mergeable.with(VirtioSpec.F_RING_PACKED);
        final NetLayout apart = NetLayout.headerApart();
        final NetLayout bytes = new NetLayout(1, 999, 3, false);
        return Stream.of(
                Arguments.of(mergeable, Shape.defaults()),
                Arguments.of(
                        mergeable,
                        Shape.defaults().receive(128, 700, apart.gapBytes(5)).transmit(apart)),
                Arguments.of(
                        mergeable,
                        Shape.defaults()
                                .receive(256, 300, NetLayout.together())
                                .transmit(NetLayout.pieces(600))),
                Arguments.of(
                        mergeable,
                        Shape.defaults()
                                .receive(40, 2000, NetLayout.pieces(200).indirect(true))
                                .transmit(NetLayout.pieces(601).gapBytes(1).indirect(true))),
                Arguments.of(whole, Shape.defaults().receive(4, 66_000, apart).transmit(apart)),
                Arguments.of(
                        whole,
                        Shape.defaults().receive(2, 66_000, bytes).transmit(bytes.gapBytes(9))),
                Arguments.of(
                        whole,
                        Shape.defaults()
                                .receive(4, 66_000, new NetLayout(5, 3000, 1, true))
                                .transmit(new NetLayout(13, 1, 0, false).indirect(false))),
                Arguments.of(
                        packed,
                        Shape.defaults().receive(128, 700, apart.gapBytes(5)).transmit(apart)),
                Arguments.of(
                        packed,
                        Shape.defaults()
                                .receive(40, 2000, NetLayout.pieces(200).indirect(true))
                                .transmit(NetLayout.pieces(601).gapBytes(1).indirect(true))),
                Arguments.of(
                        packed.without(NetSpec.F_MRG_RXBUF),
                        Shape.defaults().receive(2, 66_000, bytes).transmit(bytes.gapBytes(9))),
                Arguments.of(old, Shape.defaults().receive(4, 66_000, apart).transmit(apart)),
                Arguments.of(old, Shape.defaults().receive(2, 66_000, bytes).transmit(bytes)));
    }

    private NetDriver start(final NetOptions options) throws IOException {
        return nic.start(options.queueSize(256).indirectEntries(128));
    }

    private static byte[] frame(final int length) {
        final byte[] frame = new byte[length];
        new Random(SEED + length).nextBytes(frame);
        return frame;
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldReturnFramesInAnyLayout(final NetOptions options, final Shape shape)
            throws Exception {
        try (NetDriver driver = start(options)) {
            final NetIo io = new NetIo(driver, 0, shape);
            final int header = driver.headerBytes();
            for (final int length : LENGTHS) {
                if (shape.transmit().count(header + length, header) > 256) {
                    continue;
                }
                io.send(NetHeader.PLAIN, frame(length));
                final Received received = io.receive();
                assertArrayEquals(frame(length), received.frame(), length + ", seed " + SEED);
                assertTrue(received.clean(), "written outside the frame of " + length);
                final int room = shape.receiveBytes();
                assertEquals((header + length + room - 1) / room, received.buffers());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldDropWhatIsNoFrameAndGoOn(final NetOptions options, final Shape shape)
            throws Exception {
        try (NetDriver driver = start(options)) {
            final NetIo io = new NetIo(driver, 0, shape);
            for (int length = 0; length < NetSpec.ETHERNET_HEADER_BYTES; length++) {
                io.send(NetHeader.PLAIN, frame(length));
            }
            for (int length = 1; length < driver.headerBytes(); length++) {
                io.send(new byte[length], new byte[0]);
            }
            io.send(NetHeader.PLAIN, frame(200));
            assertArrayEquals(frame(200), io.receive().frame());
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldReturnEveryFrameUnderLoad(final NetOptions options, final Shape shape)
            throws Exception {
        try (NetDriver driver = start(options)) {
            final boolean mergeable = driver.has(NetSpec.F_MRG_RXBUF);
            final NetLayout transmit =
                    new NetLayout(
                            shape.transmit().firstBytes(), 700, 0, shape.transmit().indirect());
            final NetLayout receive =
                    new NetLayout(shape.receive().firstBytes(), 400, 0, shape.receive().indirect());
            final NetLoadResult result =
                    new NetLoad(
                                    driver,
                                    NetLoadOptions.verified(60, 8)
                                            .sizes(60, 3000)
                                            .receiveBytes(mergeable ? 800 : 3020)
                                            .receiveBuffers(mergeable ? 40 : 20)
                                            .layouts(transmit, receive)
                                            .seed(SEED)
                                            .frames(5_000))
                            .run();
            assertTrue(result.clean(), result.summary() + ", seed " + SEED);
        }
    }

    @Test
    void shouldKeepFramesUntilThereIsRoom() throws Exception {
        try (NetDriver driver = start(NetOptions.defaults())) {
            final NetIo io =
                    new NetIo(
                            driver,
                            0,
                            Shape.defaults().receive(8, 1000, NetLayout.together()).postedByHand());
            io.submit(NetHeader.PLAIN, frame(1500));
            io.post(1);
            assertNull(io.receive(1_000_000));
            assertEquals(1, io.sending());
            io.post(1);
            assertArrayEquals(frame(1500), io.receive().frame());
            io.awaitSent();
        }
    }
}
