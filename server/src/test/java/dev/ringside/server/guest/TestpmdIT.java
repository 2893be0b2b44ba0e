package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.Testpmd;
import dev.ringside.frontend.Testpmd.Counters;
import dev.ringside.frontend.Testpmd.Setup;
import dev.ringside.server.demo.RingsideProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * DPDK's testpmd with virtio_user, a front-end that others wrote and that needs no VM, against
 * {@code ringside net}. With {@code -Dringside.guest.peer=true} against DPDK's own back-end, to
 * tell a fault of the test from a fault of Ringside.
 */
final class TestpmdIT {
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private static final long FRAMES = 200_000;
    private static final int CIRCULATING = 256;
    private static final long LIMIT_NS = 20_000_000_000L;
    private static final int MEMORY_MIB = 256;

    @TempDir Path folder = Path.of("");

    /** A NIC's back-end on a socket: Ringside, or the peer when the test itself is in doubt. */
    private AutoCloseable serve(final String port, final Path socket) throws Exception {
        final AutoCloseable backEnd =
                BackEnd.isPeer() ? peer(port, socket) : ringside(port, socket);
        FrontendConnection.connect(socket, 10_000).close();
        return backEnd;
    }

    private static RingsideProcess ringside(final String port, final Path socket) throws Exception {
        return RingsideProcess.start(
                List.of("net", "--socket-path=" + socket, "--port=" + port), line -> {});
    }

    private static Testpmd peer(final String port, final Path socket) throws IOException {
        final Testpmd peer = Testpmd.start(Setup.backEnd(socket, 1, false));
        final String[] parts = port.split(":size=", 2);
        if (parts.length == 2) {
            peer.frameBytes(Integer.parseInt(parts[1]));
        }
        peer.command("set burst tx delay 10 retry 100000");
        peer.forward(
                switch (parts[0]) {
                    case "null" -> "rxonly";
                    case "generator" -> "txonly";
                    default -> "io retry";
                });
        return peer;
    }

    private static Testpmd frontEnd(final Path socket) throws IOException {
        return frontEnd(socket, false);
    }

    private static Testpmd frontEnd(final Path socket, final boolean packed) throws IOException {
        return Testpmd.start(Setup.frontEnd(socket, 0, false).packed(packed));
    }

    /** Asks a port for its counters until one of them is large enough. */
    private static Counters await(
            final Testpmd testpmd,
            final int port,
            final ToLongFunction<Counters> counter,
            final long least)
            throws IOException {
        final long deadline = System.nanoTime() + LIMIT_NS;
        while (true) {
            final Counters counters = testpmd.counters(port);
            if (counter.applyAsLong(counters) >= least) {
                return counters;
            }
            if (System.nanoTime() > deadline) {
                throw new IOException(
                        "waited in vain for " + least + ": " + counters + ", seed " + SEED);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"64, false", "1518, false", "64, true", "1518, true"})
    void shouldSwallowFrames(final int bytes, final boolean packed) throws Exception {
        final Path socket = folder.resolve("nic");
        try (AutoCloseable backEnd = serve("null", socket);
                Testpmd testpmd = frontEnd(socket, packed)) {
            testpmd.frameBytes(bytes);
            testpmd.forward("txonly");
            await(testpmd, 0, Counters::sent, FRAMES);
            testpmd.stop();
            final Counters counters = testpmd.counters(0);
            assertEquals(counters.sent() * bytes, counters.sentBytes());
            assertEquals(0, counters.received(), backEnd.toString());
        }
    }

    @ParameterizedTest
    @CsvSource({"64, false", "1518, false", "64, true", "1518, true"})
    void shouldGenerateFrames(final int bytes, final boolean packed) throws Exception {
        final Path socket = folder.resolve("nic");
        try (AutoCloseable backEnd = serve("generator:size=" + bytes, socket);
                Testpmd testpmd = frontEnd(socket, packed)) {
            testpmd.forward("rxonly");
            await(testpmd, 0, Counters::received, FRAMES);
            testpmd.stop();
            final Counters counters = testpmd.counters(0);
            assertEquals(counters.received() * bytes, counters.receivedBytes());
            assertEquals(0, counters.sent(), backEnd.toString());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "64, false, false",
        "1518, false, false",
        "64, true, false",
        "1518, true, false",
        "64, false, true",
        "1518, false, true"
    })
    void shouldLoseNothingInLoop(final int bytes, final boolean huge, final boolean packed)
            throws Exception {
        final Path socket = folder.resolve("nic");
        try (HugePages pages = HugePages.reserve(huge ? MEMORY_MIB : 0);
                AutoCloseable backEnd = serve("loopback", socket);
                Testpmd testpmd =
                        Testpmd.start(
                                Setup.frontEnd(socket, 0, huge && pages.reserved())
                                        .packed(packed))) {
            testpmd.frameBytes(bytes);
            testpmd.command("set fwd io");
            // 8 bursts of 32 go round and round from now on.
            testpmd.command("start tx_first " + CIRCULATING / 32);
            await(testpmd, 0, Counters::received, FRAMES);
            testpmd.stop();
            // Those that were under way when testpmd stopped sending are still to come.
            testpmd.forward("rxonly");
            final long sent = testpmd.counters(0).sent();
            final Counters counters = await(testpmd, 0, Counters::received, sent);
            assertEquals(sent, counters.received(), backEnd.toString());
            assertEquals(sent * bytes, counters.receivedBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",mrg_rxbuf=0",
                ",in_order=0",
                ",mrg_rxbuf=0,in_order=0",
                ",vectorized=1",
                ",packed_vq=1",
                ",packed_vq=1,mrg_rxbuf=0",
                ",packed_vq=1,in_order=0",
                ",packed_vq=1,mrg_rxbuf=0,in_order=0",
                ",packed_vq=1,vectorized=1"
            })
    void shouldReturnEveryByte(final String features) throws Exception {
        final Path socket = folder.resolve("nic");
        final List<byte[]> frames = randomFrames(5_000);
        final Path sent = folder.resolve("sent.pcap");
        final Path received = folder.resolve("received.pcap");
        Pcap.write(sent, frames);
        try (AutoCloseable backEnd = serve("loopback", socket);
                Testpmd testpmd =
                        Testpmd.start(
                                new Setup(
                                        0,
                                        false,
                                        1,
                                        List.of(
                                                "net_pcap0,rx_pcap="
                                                        + sent
                                                        + ",tx_pcap="
                                                        + received,
                                                Setup.virtioUser(socket, 1) + features)))) {
            // From file to NIC and from NIC to file; a full ring is waited for, nothing dropped.
            testpmd.command("set burst tx delay 10 retry 100000");
            testpmd.command("set fwd io retry");
            testpmd.command("start");
            await(testpmd, 0, Counters::sent, frames.size());
            final String report = testpmd.stop();
            assertTrue(report.contains("RX-dropped: 0"), report + backEnd);
        }
        final List<byte[]> back = Pcap.read(received);
        assertEquals(frames.size(), back.size());
        for (int i = 0; i < frames.size(); i++) {
            assertArrayEquals(frames.get(i), back.get(i), "frame " + i + ", seed " + SEED);
        }
    }

    private static List<byte[]> randomFrames(final int count) {
        final Random random = new Random(SEED);
        final List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final byte[] frame = new byte[i % 3 == 0 ? 64 : random.nextInt(60, 1515)];
            random.nextBytes(frame);
            // No VLAN tag by chance, no length where a type should be.
            frame[12] = (byte) 0x88;
            frame[13] = (byte) 0xb5;
            frames.add(frame);
        }
        return frames;
    }

    @Test
    void shouldServeFrontEndsOneAfterTheOther() throws Exception {
        final Path socket = folder.resolve("nic");
        try (AutoCloseable backEnd = serve("loopback", socket)) {
            for (int i = 0; i < 3; i++) {
                try (Testpmd testpmd = frontEnd(socket)) {
                    testpmd.command("set fwd io");
                    testpmd.command("start tx_first 1");
                    await(testpmd, 0, Counters::received, 1_000);
                    testpmd.stop();
                    assertTrue(testpmd.messages().contains("Port 0"), backEnd.toString());
                }
            }
        }
    }
}
