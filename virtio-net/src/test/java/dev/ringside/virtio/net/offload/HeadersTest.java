package dev.ringside.virtio.net.offload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Where headers are, and where parsing ends. */
class HeadersTest {
    private final Headers headers = new Headers();
    private final Random random = new Random(6);

    @Test
    void shouldFindHeadersWhereTheyWereMade() {
        for (int round = 0; round < 2000; round++) {
            int version = random.nextBoolean() ? 4 : 6;
            int protocol = random.nextBoolean() ? Packet.TCP : Packet.UDP;
            Packet.Shape shape = Packet.Shape.random(random, version, protocol, 30);
            Packet packet = Packet.of(shape, random);
            String what = "round " + round + ": " + shape;

            assertTrue(headers.parse(Frames.split(packet.bytes(), random)), what);

            assertEquals(shape.tags(), headers.tags(), what);
            assertEquals(version == 4 ? 0x800 : 0x86dd, headers.etherType(), what);
            assertEquals(version, headers.ipVersion(), what);
            assertEquals(protocol, headers.protocol(), what);
            assertEquals(packet.network(), headers.network(), what);
            assertEquals(packet.transport(), headers.transport(), what);
            assertEquals(packet.payload(), headers.payload(), what);
            assertEquals(protocol == Packet.TCP, headers.isTcp(), what);
            assertEquals(protocol == Packet.UDP, headers.isUdp(), what);
            assertEquals(packet.fragmentable(), headers.ipv6().fragmentable(), what);
            assertEquals(packet.nextHeaderField(), headers.ipv6().nextHeaderField(), what);
            assertFalse(headers.fragment(), what);
        }
    }

    @Test
    void shouldSayWhereFramesEndTooEarly() {
        for (int round = 0; round < 100; round++) {
            int version = random.nextBoolean() ? 4 : 6;
            int protocol = random.nextBoolean() ? Packet.TCP : Packet.UDP;
            Packet packet = Packet.of(Packet.Shape.random(random, version, protocol, 0), random);
            for (int length = 0; length < packet.payload(); length++) {
                byte[] bytes = Arrays.copyOf(packet.bytes(), length);

                assertFalse(headers.parse(Frames.split(bytes, random)));

                assertEquals(Headers.Problem.TRUNCATED, headers.problem());
                assertFalse(headers.isTcp() || headers.isUdp());
                assertEquals(0, headers.payload());
            }
        }
    }

    @Test
    void shouldPutOptionsForTheDestinationBeforeARoutingHeader() {
        // Destination options, routing, destination options: the first ones go with every fragment.
        byte[] bytes = new byte[54 + 24 + 20];
        Packet.put(bytes, 12, 0x86dd, 2);
        bytes[14] = 0x60;
        bytes[20] = 60;
        bytes[54] = 43;
        bytes[62] = 60;
        bytes[70] = Packet.TCP;
        bytes[78 + 12] = 0x50;

        assertTrue(headers.parse(Frames.of(bytes)));

        assertEquals(70, headers.ipv6().fragmentable());
        assertEquals(62, headers.ipv6().nextHeaderField());
        assertEquals(78, headers.transport());
    }

    @Test
    void shouldStopAtAThirdTag() {
        byte[] bytes = new byte[80];
        for (int at = 12; at < 24; at += 4) {
            Packet.put(bytes, at, 0x8100, 2);
        }
        Packet.put(bytes, 24, 0x0800, 2);

        assertTrue(headers.parse(Frames.of(bytes)));

        assertEquals(2, headers.tags());
        assertEquals(0x8100, headers.etherType());
        assertEquals(0, headers.ipVersion());
    }

    @Test
    void shouldNotTakeFragmentsForHeaders() {
        Packet six = Packet.of(Packet.Shape.plain(6, Packet.TCP, 100), random);
        six.bytes()[20] = 44;
        // What follows says that it is a chain of options without an end.
        Arrays.fill(six.bytes(), 54, six.bytes().length, (byte) 0);

        assertTrue(headers.parse(Frames.of(six.bytes())));

        assertTrue(headers.fragment());
        assertEquals(0, headers.payload());
        assertEquals(62, headers.transport());
    }

    @Test
    void shouldForgetTheFrameBefore() {
        Packet packet = Packet.of(Packet.Shape.plain(6, Packet.TCP, 10), random);
        headers.parse(Frames.of(packet.bytes()));

        headers.parse(Frames.of(new byte[3]));

        assertEquals(0, headers.etherType());
        assertEquals(0, headers.ipVersion());
        assertEquals(0, headers.network());
        assertEquals(0, headers.payload());
        assertFalse(headers.isTcp());
    }

    @Test
    void shouldPullNoMoreThanTheHeadersWhenTheyAreApart() {
        Packet packet = Packet.of(Packet.Shape.plain(4, Packet.TCP, 1000), random);
        Frame frame = new Frame(FrameKeeper.NONE, 2);
        frame.add(Frames.memory(packet.bytes()), 0, 54);
        frame.add(Frames.memory(packet.bytes()), 54, 1000);

        headers.parse(frame);

        assertEquals(54, frame.headBytes());
    }

    @Test
    void shouldSurviveAnything() {
        for (int round = 0; round < 50_000; round++) {
            Packet packet =
                    Packet.of(
                            Packet.Shape.random(
                                    random, random.nextBoolean() ? 4 : 6, Packet.TCP, 20),
                            random);
            byte[] bytes = packet.bytes();
            for (int i = random.nextInt(4); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            Frame frame = Frames.of(Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)));

            boolean whole = headers.parse(frame);

            assertEquals(whole, headers.problem() == Headers.Problem.NONE);
            assertTrue(headers.payload() <= frame.headBytes());
            assertTrue(headers.transport() <= frame.length());
        }
    }
}
