package dev.ringside.virtio.net.offload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.Counters;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random packets in random pieces, against {@link Naive}. */
class SegmentationPropertyTest {
    private static final int ROUNDS = 1500;

    private final long seed = Long.getLong("seed", new Random().nextLong());
    private final Random random = new Random(seed);
    private final Counters<OffloadCounter> counters = new Counters<>(OffloadCounter.class);

    @Test
    void shouldSegmentTcpLikeTheReference() {
        for (int round = 0; round < ROUNDS; round++) {
            int version = random.nextBoolean() ? 4 : 6;
            int type = version == 4 ? Frame.GSO_TCPV4 : Frame.GSO_TCPV6;
            check(round, type, randomPacket(version, Packet.TCP));
        }
    }

    @Test
    void shouldSegmentUdpLikeTheReference() {
        for (int round = 0; round < ROUNDS; round++) {
            int version = random.nextBoolean() ? 4 : 6;
            check(round, Frame.GSO_UDP_L4, randomPacket(version, Packet.UDP));
        }
    }

    @Test
    void shouldFragmentUdpLikeTheReference() {
        for (int round = 0; round < ROUNDS; round++) {
            int version = random.nextBoolean() ? 4 : 6;
            check(round, Frame.GSO_UDP, randomPacket(version, Packet.UDP));
        }
    }

    @Test
    void shouldCompleteChecksumsLikeTheReference() {
        for (int round = 0; round < ROUNDS; round++) {
            int protocol = random.nextBoolean() ? Packet.TCP : Packet.UDP;
            Packet packet = randomPacket(random.nextBoolean() ? 4 : 6, protocol).withPseudoSum();
            Frame frame = Frames.needChecksum(Frames.split(packet.bytes(), random), packet);
            CollectSink inner = new CollectSink(Offload.NONE);

            assertEquals(Verdict.DONE, around(inner).put(frame), what(round, packet));

            byte[] expected = Naive.complete(packet);
            int at = packet.transport() + packet.checksumOffset();
            if (Packet.get(expected, at, 2) == 0) {
                Packet.put(expected, at, 0xffff, 2);
            }
            assertArrayEquals(expected, inner.bytes().getFirst(), what(round, packet));
        }
    }

    private Packet randomPacket(int version, int protocol) {
        int most = random.nextInt(8) == 0 ? 60000 : 5000;
        int bytes = random.nextInt(most);
        return Packet.of(Packet.Shape.random(random, version, protocol, bytes), random);
    }

    private FrameSink around(FrameSink inner) {
        return SoftwareOffload.around(inner, counters);
    }

    private void check(int round, int type, Packet bare) {
        boolean needsChecksum = random.nextInt(4) != 0;
        Packet packet = needsChecksum ? bare.withPseudoSum() : bare;
        int size = 32 + random.nextInt(random.nextBoolean() ? 200 : 3000);
        Frame frame = Frames.split(packet.bytes(), random);
        if (needsChecksum) {
            Frames.needChecksum(frame, packet);
        }
        frame.needSegmentation(type, size, random.nextBoolean());
        boolean leave = random.nextBoolean();
        CollectSink inner = new CollectSink(leave ? Offload.CSUM : Offload.NONE);

        Verdict verdict = around(inner).put(frame);

        String what = what(round, packet) + ", gso " + type + " of " + size;
        assertEquals(Verdict.DONE, verdict, what);
        List<byte[]> expected = expected(type, packet, size, needsChecksum);
        assertEquals(expected.size(), inner.bytes().size(), what);
        for (int i = 0; i < expected.size(); i++) {
            byte[] got = inner.bytes().get(i);
            if (inner.needs().get(i) != Offload.NONE) {
                assertTrue(leave, what);
                got = Naive.complete(packet.with(withPseudoSumChecked(packet, got)));
            }
            if (type == Frame.GSO_UDP && packet.version() == 6 && expected.size() > 1) {
                clearIdentification(packet, got);
            }
            boolean cut = expected.size() > 1;
            byte[] wanted = cut ? expected.get(i) : alone(packet, expected.get(i), got);
            assertArrayEquals(wanted, got, what + ", segment " + i);
        }
    }

    /** What was left undone has the pseudo header's sum of its own length. */
    private static byte[] withPseudoSumChecked(Packet packet, byte[] segment) {
        int at = packet.transport() + packet.checksumOffset();
        int sum = Naive.pseudoSum(packet, segment.length - packet.transport());
        assertEquals(sum, Packet.get(segment, at, 2));
        return segment;
    }

    private static List<byte[]> expected(int type, Packet packet, int size, boolean needed) {
        int whole = type == Frame.GSO_UDP ? start(packet) : packet.payload();
        int piece = type == Frame.GSO_UDP ? size & ~7 : size;
        if (packet.bytes().length - whole <= piece) {
            return List.of(needed ? Naive.complete(packet) : packet.bytes());
        }
        return type == Frame.GSO_UDP ? Naive.fragments(packet, size) : Naive.segments(packet, size);
    }

    private static int start(Packet packet) {
        return packet.version() == 4 ? packet.transport() : packet.fragmentable();
    }

    /** For a frame that is not cut 0xffff is as good as 0, as for any checksum. */
    private static byte[] alone(Packet packet, byte[] expected, byte[] got) {
        int at = packet.transport() + packet.checksumOffset();
        byte[] result = expected.clone();
        if (Packet.get(result, at, 2) == 0 && Packet.get(got, at, 2) == 0xffff) {
            Packet.put(result, at, 0xffff, 2);
        }
        return result;
    }

    private static void clearIdentification(Packet packet, byte[] fragment) {
        Packet.put(fragment, packet.fragmentable() + 4, 0, 4);
    }

    private String what(int round, Packet packet) {
        return "-Dseed="
                + seed
                + ", round "
                + round
                + ": IPv"
                + packet.version()
                + " protocol "
                + packet.protocol()
                + " network "
                + packet.network()
                + " transport "
                + packet.transport()
                + " payload "
                + packet.payload()
                + " bytes "
                + packet.bytes().length;
    }
}
