package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetIo.Received;
import dev.ringside.frontend.NetIo.Shape;
import dev.ringside.frontend.TinyNic.Manner;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Single frames in buffers of every layout, over a loopback made here. */
final class NetIoTest {
    private static final long PLAIN = NetOptions.PLAIN_FEATURES;

    private static NetDriver start(final TinyNic nic, final long features) throws IOException {
        return NetDriver.start(
                nic.connect(),
                FrontendMemory.likePc(8 << 20),
                NetOptions.defaults().features(features).indirectEntries(128));
    }

    private static byte[] frame(final int length) {
        final byte[] frame = new byte[length];
        new Random(length).nextBytes(frame);
        return frame;
    }

    static Stream<Arguments> layouts() {
        final List<Shape> shapes =
                List.of(
                        Shape.defaults(),
                        Shape.defaults()
                                .receive(8, 70_000, NetLayout.headerApart().gapBytes(7))
                                .transmit(NetLayout.headerApart()),
                        Shape.defaults()
                                .receive(4, 2000, NetLayout.pieces(100).gapBytes(3))
                                .transmit(NetLayout.pieces(1000).gapBytes(5)),
                        Shape.defaults()
                                .receive(64, 2048, NetLayout.pieces(20).indirect(true))
                                .transmit(NetLayout.pieces(777).indirect(true)),
                        Shape.defaults()
                                .receive(9, 5000, NetLayout.pieces(1000))
                                .transmit(new NetLayout(3, 700, 1, false)));
        return shapes.stream()
                .flatMap(
                        shape ->
                                Stream.of(1, 60, 1514, 4000)
                                        .map(length -> Arguments.of(shape, length)));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void shouldReturnFrameInAnyLayout(final Shape shape, final int length) throws IOException {
        try (TinyNic nic = TinyNic.start(Manner.HONEST, PLAIN);
                NetDriver driver = start(nic, PLAIN)) {
            final NetIo io = new NetIo(driver, 0, shape);
            for (int i = 0; i < 10; i++) {
                final byte[] frame = frame(length + i);
                io.send(NetHeader.checksum(14, 6), frame);
                final Received received = io.receive();
                assertArrayEquals(frame, received.frame());
                assertTrue(received.clean());
                assertEquals(
                        NetHeader.checksum(14, 6).numBuffers(received.buffers()),
                        received.header());
            }
        }
    }

    @Test
    void shouldKnowHeaderSizeByFeatures() throws IOException {
        final long old = VhostUserSpec.bit(VhostUserSpec.F_PROTOCOL_FEATURES);
        final long[] features = {
            old,
            old | VhostUserSpec.bit(NetSpec.F_MRG_RXBUF),
            PLAIN,
            PLAIN | VhostUserSpec.bit(NetSpec.F_HASH_REPORT)
        };
        final int[] bytes = {10, 12, 12, 20};
        for (int i = 0; i < features.length; i++) {
            try (TinyNic nic = TinyNic.start(Manner.HONEST, features[i]);
                    NetDriver driver = start(nic, features[i])) {
                assertEquals(bytes[i], driver.headerBytes());
                final NetIo io = new NetIo(driver, 0, Shape.defaults());
                io.send(NetHeader.PLAIN, frame(99));
                assertArrayEquals(frame(99), io.receive().frame());
            }
        }
    }

    @Test
    void shouldNoticeBytesWrittenBehindFrame() throws IOException {
        try (TinyNic nic = TinyNic.start(Manner.OVERRUN, PLAIN);
                NetDriver driver = start(nic, PLAIN)) {
            final NetIo io = new NetIo(driver, 0, Shape.defaults());
            io.send(NetHeader.PLAIN, frame(99));
            assertFalse(io.receive().clean());
        }
    }

    @Test
    void shouldNoticeDeviceThatWritesIntoSentFrame() throws IOException {
        try (TinyNic nic = TinyNic.start(Manner.SCRIBBLE, PLAIN);
                NetDriver driver = start(nic, PLAIN)) {
            final NetIo io = new NetIo(driver, 0, Shape.defaults());
            assertThrows(IOException.class, () -> io.send(NetHeader.PLAIN, frame(99)));
        }
    }

    @Test
    void shouldReceiveNothingWhenNothingIsPosted() throws IOException {
        try (TinyNic nic = TinyNic.start(Manner.HONEST, PLAIN);
                NetDriver driver = start(nic, PLAIN)) {
            final NetIo io = new NetIo(driver, 0, Shape.defaults().postedByHand());
            io.send(NetHeader.PLAIN, frame(99));
            assertNull(io.receive(1));
            io.post(1);
            assertArrayEquals(frame(99), io.receive().frame());
            assertEquals(0, io.postedNow());
        }
    }

    @Test
    void shouldSendCommands() throws IOException {
        final long features = PLAIN | NetOptions.CONTROL_FEATURES;
        try (TinyNic nic = TinyNic.start(Manner.HONEST, features);
                NetDriver driver = start(nic, features)) {
            final ControlQueue control = new ControlQueue(driver);
            assertEquals(NetSpec.CTRL_OK, control.setPairs(0x0102));
            control.layout(NetLayout.pieces(1));
            assertEquals(NetSpec.CTRL_OK, control.vlan(false, 77));
            assertEquals(
                    NetSpec.CTRL_OK,
                    control.macTable(List.of(new byte[6]), List.of(new byte[6], driver.mac())));
            assertArrayEquals(new byte[] {4, 0, 2, 1}, nic.commands().get(0));
            assertArrayEquals(new byte[] {2, 1, 77, 0}, nic.commands().get(1));
            final byte[] table = nic.commands().get(2);
            assertEquals(2 + 4 + 6 + 4 + 12, table.length);
            assertEquals(1, table[2]);
            assertEquals(2, table[12]);
            assertEquals(2, table[22]);
            assertTrue(driver.linkUp());
        }
    }
}
