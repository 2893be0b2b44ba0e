package dev.ringside.virtio.net.offload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.metrics.Counters;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.Verdict;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What Linux makes of a frame, byte by byte. */
class KernelComparisonTest {
    private static final int ROUNDS = 200;
    private static final int ECN = 0x80;

    private final long seed = Long.getLong("seed", new Random().nextLong());
    private final Random random = new Random(seed);
    private final KernelPath kernel;

    KernelComparisonTest() throws Exception {
        kernel = new KernelPath();
    }

    @AfterEach
    void close() {
        kernel.close();
    }

    @Test
    void shouldSegmentTcpOverIpv4AsLinuxDoes() {
        for (int round = 0; round < ROUNDS; round++) {
            compare(round, Frame.GSO_TCPV4, shape(4, Packet.TCP), random.nextInt(4) != 0);
        }
    }

    @Test
    void shouldSegmentTcpOverIpv6AsLinuxDoes() {
        for (int round = 0; round < ROUNDS; round++) {
            compare(round, Frame.GSO_TCPV6, shape(6, Packet.TCP), true);
        }
    }

    @Test
    void shouldSegmentUdpAsLinuxDoes() {
        for (int round = 0; round < ROUNDS; round++) {
            compare(round, Frame.GSO_UDP_L4, shape(4 + 2 * (round & 1), Packet.UDP), true);
        }
    }

    @Test
    void shouldFragmentUdpAsLinuxDoes() {
        for (int round = 0; round < ROUNDS; round++) {
            int version = 4 + 2 * (round & 1);
            Packet.Shape shape = shape(version, Packet.UDP);
            // Of extension headers behind the fragment header Linux makes a mess.
            compare(
                    round,
                    Frame.GSO_UDP,
                    version == 4 ? shape : Packet.Shape.plain(6, Packet.UDP, shape.payloadBytes()),
                    true);
        }
    }

    @Test
    void shouldComputeChecksumsAsLinuxDoes() {
        for (int round = 0; round < ROUNDS; round++) {
            int protocol = random.nextBoolean() ? Packet.TCP : Packet.UDP;
            compare(round, Frame.GSO_NONE, shape(4 + 2 * (round & 1), protocol), true);
        }
    }

    private Packet.Shape shape(int version, int protocol) {
        int bytes = 2000 + random.nextInt(random.nextInt(8) == 0 ? 50_000 : 6000);
        return Packet.Shape.random(random, version, protocol, bytes);
    }

    private void compare(int round, int type, Packet.Shape shape, boolean needsChecksum) {
        Packet bare = Packet.of(shape, random);
        Packet packet = needsChecksum ? bare.withPseudoSum() : bare;
        // Linux makes 64 datagrams of one at most, and has no use for odd sizes of fragments.
        int least = Math.max(100, packet.bytes().length / 60);
        int size = least + random.nextInt(1900 - least) & ~7;
        Frame frame = Frames.split(packet.bytes(), random);
        if (needsChecksum) {
            Frames.needChecksum(frame, packet);
        }
        boolean ecn = type == Frame.GSO_TCPV4 && random.nextBoolean();
        if (type != Frame.GSO_NONE) {
            frame.needSegmentation(type, size, ecn);
        }
        CollectSink ours = new CollectSink(Offload.NONE);
        Counters<OffloadCounter> counters = new Counters<>(OffloadCounter.class);
        String what =
                "-Dseed=" + seed + ", round " + round + ": " + shape + ", gso " + type + " " + size;

        assertEquals(Verdict.DONE, SoftwareOffload.around(ours, counters).put(frame), what);
        List<byte[]> theirs =
                kernel.through(
                        packet,
                        needsChecksum,
                        ecn ? type | ECN : type,
                        type == Frame.GSO_NONE ? 0 : size,
                        ours.bytes().size());

        assertEquals(theirs.size(), ours.bytes().size(), what);
        int ourId = identification(packet, ours.bytes(), 0);
        for (int i = 0; i < theirs.size(); i++) {
            byte[] mine = ours.bytes().get(i);
            if (type == Frame.GSO_UDP && packet.version() == 6) {
                // It chooses identifications as it likes; so do we: one for all fragments.
                assertEquals(identification(packet, theirs, 0), identification(packet, theirs, i));
                assertEquals(ourId, Packet.get(mine, packet.fragmentable() + 4, 4));
                Packet.put(mine, packet.fragmentable() + 4, identification(packet, theirs, i), 4);
            }
            assertArrayEquals(theirs.get(i), mine, what + ", segment " + i);
        }
    }

    private static int identification(Packet packet, List<byte[]> fragments, int i) {
        return Packet.get(fragments.get(i), packet.fragmentable() + 4, 4);
    }
}
