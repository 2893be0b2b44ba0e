package dev.ringside.virtio.net.offload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.metrics.Counters;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Frames that claim what they are not: dropped, and counted by reason. */
class RefusalTest {
    private final Random random = new Random(2);
    private final Counters<OffloadCounter> counters = new Counters<>(OffloadCounter.class);
    private final CollectSink inner = new CollectSink(Offload.NONE);
    private final FrameSink sink = SoftwareOffload.around(inner, counters);

    @Test
    void shouldRefuseOtherProtocols() {
        int reasons = 0;
        for (int version : new int[] {4, 6}) {
            for (int protocol : new int[] {Packet.TCP, Packet.UDP}) {
                for (int type : new int[] {1, 3, 4, 5}) {
                    boolean fits =
                            switch (type) {
                                case Frame.GSO_TCPV4 -> version == 4 && protocol == Packet.TCP;
                                case Frame.GSO_TCPV6 -> version == 6 && protocol == Packet.TCP;
                                case Frame.GSO_UDP, Frame.GSO_UDP_L4 -> protocol == Packet.UDP;
                                default -> false;
                            };
                    Packet packet = packet(version, protocol, 3000);
                    Frame frame = Frames.of(packet.bytes());
                    frame.needSegmentation(type, 1000, false);
                    assertEquals(fits ? Verdict.DONE : Verdict.DROPPED, sink.put(frame));
                    reasons += fits ? 0 : 1;
                }
            }
        }
        assertEquals(reasons, counters.get(OffloadCounter.WRONG_PROTOCOL));
        assertDropped(OffloadCounter.WRONG_PROTOCOL, 4, change(packet(4, 6, 3000), 12, 0x08, 0x06));
    }

    @Test
    void shouldRefuseTruncatedHeaders() {
        for (int version : new int[] {4, 6}) {
            for (int protocol : new int[] {Packet.TCP, Packet.UDP}) {
                Packet packet = packet(version, protocol, 0);
                for (int length = 1; length < packet.bytes().length; length++) {
                    byte[] bytes = Arrays.copyOf(packet.bytes(), length);
                    int type = protocol == Packet.UDP ? 5 : version == 4 ? 1 : 4;
                    assertDropped(
                            OffloadCounter.TRUNCATED, packet.with(bytes), type, 100, frame -> {});
                }
            }
        }
    }

    @Test
    void shouldRefuseHeadersThatContradictThemselves() {
        Packet four = packet(4, Packet.TCP, 3000);
        assertDropped(OffloadCounter.MALFORMED, 1, change(four, 14, 0x55));
        assertDropped(OffloadCounter.MALFORMED, 1, change(four, 14, 0x44));
        assertDropped(OffloadCounter.MALFORMED, 1, change(four, 34 + 12, 0x40));
        Packet six = packet(6, Packet.TCP, 3000);
        assertDropped(OffloadCounter.MALFORMED, 4, change(six, 14, 0x45));
        assertDropped(OffloadCounter.MALFORMED, 4, change(six, 54 + 12, 0x00));
    }

    @Test
    void shouldRefuseHeadersThatAreTooLong() {
        // Destination options of 8 * 61 bytes: Ethernet, IPv6 and they are 542.
        Packet six = change(packet(6, Packet.TCP, 3000), 20, 60);
        six.bytes()[54] = Packet.TCP;
        six.bytes()[55] = 60;
        assertDropped(OffloadCounter.LONG_HEADERS, 4, six);
    }

    @Test
    void shouldRefuseFragments() {
        assertDropped(OffloadCounter.FRAGMENT, 1, change(packet(4, Packet.TCP, 3000), 20, 0x20));
        assertDropped(OffloadCounter.FRAGMENT, 5, change(packet(4, Packet.UDP, 3000), 21, 1));
        Packet six = change(packet(6, Packet.TCP, 3000), 20, 44);
        six.bytes()[54] = Packet.TCP;
        assertDropped(OffloadCounter.FRAGMENT, 4, six);
    }

    @Test
    void shouldRefuseJumbograms() {
        Packet.Shape shape = new Packet.Shape(0, 6, 0, true, false, false, Packet.TCP, 0, 3000, 0);
        Packet six = Packet.of(shape, random);
        byte[] jumbo = {(byte) 0xc2, 4, 0, 1, 0, 0};
        System.arraycopy(jumbo, 0, six.bytes(), 56, 6);
        assertDropped(OffloadCounter.JUMBO, 4, six);
    }

    @Test
    void shouldRefuseSegmentsOfNothing() {
        for (int type : new int[] {1, 5, 3}) {
            Packet packet = packet(4, type == 1 ? Packet.TCP : Packet.UDP, 3000);
            assertDropped(OffloadCounter.SEGMENT_SIZE, packet, type, 0, frame -> {});
        }
        // Less than the unit of fragments.
        Packet packet = packet(6, Packet.UDP, 3000);
        assertDropped(OffloadCounter.SEGMENT_SIZE, packet, Frame.GSO_UDP, 7, frame -> {});
    }

    @Test
    void shouldRefuseTooManySegments() {
        Packet packet = packet(4, Packet.TCP, 2 * Segmentation.MAX_SEGMENTS + 1);
        assertDropped(OffloadCounter.TOO_MANY_SEGMENTS, packet, 1, 2, frame -> {});
        Packet just = packet(4, Packet.TCP, 2 * Segmentation.MAX_SEGMENTS);
        Frame frame = Frames.of(just.bytes());
        frame.needSegmentation(Frame.GSO_TCPV4, 2, false);
        assertEquals(Verdict.DONE, sink.put(frame));
        assertEquals(Segmentation.MAX_SEGMENTS, inner.bytes().size());
    }

    @Test
    void shouldRefuseWhatIpCannotSay() {
        // 65557 bytes of frame are 65543 of IP: more than its length field can say.
        Packet udp = packet(4, Packet.UDP, Frame.MAX_BYTES - 42);
        assertDropped(OffloadCounter.TOO_LONG, udp, Frame.GSO_UDP, 1000, frame -> {});
        assertDropped(OffloadCounter.TOO_LONG, udp, Frame.GSO_UDP_L4, 65535, frame -> {});
        Packet tcp = packet(4, Packet.TCP, Frame.MAX_BYTES - 54);
        assertDropped(OffloadCounter.TOO_LONG, tcp, Frame.GSO_TCPV4, 65535, frame -> {});
        Packet six = packet(6, Packet.UDP, 65535 - 8);
        assertDropped(OffloadCounter.TOO_LONG, six, Frame.GSO_UDP, 1000, frame -> {});
    }

    @Test
    void shouldRefuseChecksumsElsewhere() {
        Packet packet = packet(4, Packet.TCP, 3000);
        for (int[] place : new int[][] {{33, 16}, {35, 16}, {34, 6}, {34, 17}, {0, 0}}) {
            assertDropped(
                    OffloadCounter.CHECKSUM_PLACE,
                    packet,
                    Frame.GSO_TCPV4,
                    1000,
                    frame -> frame.needChecksum(place[0], place[1]));
        }
    }

    @Test
    void shouldRefuseChecksumsTooFarBehind() {
        Packet packet = packet(4, Packet.TCP, 60_000);
        int[][] places = {
            {511, 0}, {0, 511}, {65535, 65535}, {60_000, 0}, {60_053, 0}, {60_052, 1}, {-1, 50}
        };
        for (int[] place : places) {
            assertDropped(
                    OffloadCounter.CHECKSUM_PLACE,
                    packet,
                    Frame.GSO_NONE,
                    0,
                    frame -> frame.needChecksum(place[0], place[1]));
        }
    }

    @Test
    void shouldComputeChecksumsAnywhereInTheHead() {
        Packet packet = packet(4, Packet.TCP, 600);
        for (int start = 0; start <= 510; start++) {
            for (int at : new int[] {start, 510}) {
                Frame frame = Frames.split(packet.bytes(), random);
                frame.needChecksum(start, at - start);
                inner.bytes().clear();

                assertEquals(Verdict.DONE, sink.put(frame));

                byte[] expected = packet.bytes().clone();
                int sum = Naive.sum(expected, start, expected.length);
                Packet.put(expected, at, sum == 0xffff ? 0xffff : ~sum, 2);
                assertArrayEquals(expected, inner.bytes().getFirst());
            }
        }
    }

    private Packet packet(int version, int protocol, int payloadBytes) {
        return Packet.of(Packet.Shape.plain(version, protocol, payloadBytes), random);
    }

    private static Packet change(Packet packet, int at, int... values) {
        byte[] bytes = packet.bytes().clone();
        for (int i = 0; i < values.length; i++) {
            bytes[at + i] = (byte) values[i];
        }
        return packet.with(bytes);
    }

    private void assertDropped(OffloadCounter reason, int type, Packet packet) {
        assertDropped(reason, packet, type, 1000, frame -> {});
    }

    private void assertDropped(
            OffloadCounter reason, Packet packet, int type, int size, Consumer<Frame> more) {
        Frame frame = Frames.split(packet.bytes(), random);
        if (type != Frame.GSO_NONE) {
            frame.needSegmentation(type, size, false);
        }
        more.accept(frame);
        long before = counters.get(reason);
        int puts = inner.puts();

        assertEquals(Verdict.DROPPED, sink.put(frame));

        assertEquals(before + 1, counters.get(reason), reason::toString);
        assertEquals(puts, inner.puts());
    }
}
