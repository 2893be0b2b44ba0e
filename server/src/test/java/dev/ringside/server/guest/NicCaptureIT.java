package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A capture, read by a program that knows the format from elsewhere. */
final class NicCaptureIT extends NicTest {
    private static final String HOST = "10.0.0.1";
    private static final String GUEST = "10.0.0.2";
    private static final int DATAGRAM_BYTES = 1000;
    private static final int DATAGRAMS = 100;
    private static final int TCP_BYTES = 1 << 20;

    @SuppressWarnings("NullAway.Init")
    private Namespace host;

    @SuppressWarnings("NullAway.Init")
    private NicServer server;

    @SuppressWarnings("NullAway.Init")
    private NetGuest guest;

    @Override
    void setUp() throws Exception {
        host = namespace();
        server =
                serve(
                        NetSpec.of(
                                NetSpec.Nic.onTap("tap0")
                                        .with("capture=" + path("capture.pcapng"))),
                        host);
        host.run("ip address add 10.0.0.1/24 dev tap0; ip link set tap0 up");
        guest = boot(server.attach(smallMachine(1), 0, ""), server);
        guest.run("ip address add 10.0.0.2/24 dev eth0; ip link set eth0 up");
    }

    @Test
    void shouldHoldEveryFrameOfBothDirectionsAsItWasSent() throws Exception {
        final double beforeS = System.currentTimeMillis() / 1000.0 - 1;
        traffic().give(host, guest, GUEST);
        traffic().tcp(guest, host, HOST, TCP_BYTES);
        traffic().udp(guest, host, HOST, DATAGRAM_BYTES, DATAGRAMS);
        traffic().udp(host, guest, GUEST, DATAGRAM_BYTES, DATAGRAMS);
        Traffic.ping(guest, HOST, "", 0, 1000, 1472);
        guest.machine().close();
        assertEquals(0, server.terminate(), server::messages);
        final double afterS = System.currentTimeMillis() / 1000.0 + 1;

        final String all = HexFormat.of().formatHex(Files.readAllBytes(path("data")));
        for (final String source : List.of(GUEST, HOST)) {
            final List<String> payloads =
                    tshark("-Y", "udp && ip.src == " + source, "-T", "fields", "-e", "udp.payload");
            assertEquals(DATAGRAMS, payloads.size(), "datagrams from " + source);
            assertEquals(
                    all.substring(0, 2 * DATAGRAM_BYTES * DATAGRAMS), String.join("", payloads));
        }
        // Attempts before the receiver listened are streams too, without data.
        final List<String> streams =
                tshark("-Y", "tcp.len > 0", "-T", "fields", "-e", "tcp.stream").stream()
                        .distinct()
                        .toList();
        assertEquals(2, streams.size(), streams::toString);
        assertEquals(all, stream(streams.get(0)));
        assertEquals(all.substring(0, 2 * TCP_BYTES), stream(streams.get(1)));
        assertEquals(
                6,
                tshark("-Y", "icmp && (icmp.type == 8 || icmp.type == 0)").size(),
                "three sizes, one request of each, and their replies");
        assertTimes(beforeS, afterS);
    }

    /** The bytes of a TCP stream, in hexadecimal, of the side that sent any. */
    private String stream(final String number) throws Exception {
        return tshark("-q", "-z", "follow,tcp,raw," + number).stream()
                .map(String::strip)
                .filter(line -> line.matches("[0-9a-f]+"))
                .collect(Collectors.joining());
    }

    private void assertTimes(final double fromS, final double toS) throws Exception {
        double lastS = fromS;
        for (final String line : tshark("-T", "fields", "-e", "frame.time_epoch")) {
            final double timeS = Double.parseDouble(line);
            assertTrue(timeS >= lastS, "frames are in the order of their times");
            lastS = timeS;
        }
        assertTrue(lastS <= toS, "no frame is later than the end of the test");
    }

    private List<String> tshark(final String... arguments) throws Exception {
        final List<String> command =
                new ArrayList<>(List.of("tshark", "-n", "-r", path("capture.pcapng").toString()));
        command.addAll(List.of(arguments));
        final Path output = path("tshark.out");
        final Process process =
                new ProcessBuilder(command)
                        .redirectOutput(output.toFile())
                        .redirectError(path("tshark.err").toFile())
                        .start();
        assertEquals(0, process.waitFor(), () -> read(path("tshark.err")));
        return Files.readAllLines(output);
    }

    private static String read(final Path file) {
        try {
            return Files.readString(file);
        } catch (final IOException e) {
            return e.toString();
        }
    }
}
