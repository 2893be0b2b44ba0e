package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients of the metrics endpoint that are too many, too slow, or no HTTP clients, beside a disk
 * under verified load. A scrape works as long as the limit leaves room, and again after each
 * attack.
 */
@Timeout(300)
final class MetricsHostileIT {
    private static final int CLIENTS = 8;
    private static final int FLOOD = Integer.getInteger("ringside.connections", 2_000);
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private static final long GROWTH_LIMIT = 96 << 20;
    private static final long LIMIT_NS = 60_000_000_000L;

    @TempDir private Path folder = Path.of("/nonexistent");
    private final Random random = new Random(SEED);
    private final List<Socket> holding = new ArrayList<>();
    private RingsideChild serving;
    private BusyDisk busy;
    private String ready = "";
    private long sockets;

    @BeforeEach
    void serve() throws Exception {
        serving =
                RingsideChild.start(
                        List.of(),
                        // Garbage is collected before it counts as memory that is held.
                        Map.of("JDK_JAVA_OPTIONS", "-Xms64m -Xmx64m"),
                        "blk",
                        "--socket-path=" + folder.resolve("d.sock"),
                        "--backend=memory:size=16M",
                        "--metrics-port=0",
                        "--metrics-clients=" + CLIENTS,
                        "--sandbox");
        String line = serving.awaitReady();
        ready = line.substring(0, line.indexOf("; sandbox: "));
        busy = BusyDisk.start(folder.resolve("d.sock"));
        scrape();
        sockets = sockets();
    }

    @AfterEach
    void assertUnharmed() throws Exception {
        for (Socket socket : holding) {
            socket.close();
        }
        busy.assertGoesOn();
        awaitScrape();
        long deadline = System.nanoTime() + LIMIT_NS;
        while (sockets() > sockets) {
            if (System.nanoTime() > deadline) {
                fail("sockets are left: " + sockets());
            }
            LockSupport.parkNanos(1_000_000);
        }
        busy.close();
        serving.signal("TERM");
        assertEquals(0, serving.awaitExit(), serving.lines().toString());
        serving.close();
    }

    /** How many the process has; threads that wait for them come to have descriptors too. */
    private long sockets() throws IOException {
        long count = 0;
        try (var fds = Files.newDirectoryStream(Path.of("/proc/" + serving.pid() + "/fd"))) {
            for (Path fd : fds) {
                count += isSocket(fd) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean isSocket(Path fd) throws IOException {
        try {
            return Files.readSymbolicLink(fd).toString().startsWith("socket:");
        } catch (NoSuchFileException e) {
            return false; // It was closed since it was listed.
        }
    }

    private String scrape() throws IOException {
        return RingsideChild.metrics(ready);
    }

    /** A scrape, tried until there is room for one. */
    private String awaitScrape() {
        long deadline = System.nanoTime() + LIMIT_NS;
        while (true) {
            try {
                return scrape();
            } catch (IOException e) {
                if (System.nanoTime() > deadline) {
                    fail("no scrape works any more: " + e);
                }
                LockSupport.parkNanos(10_000_000);
            }
        }
    }

    private Socket connect() throws IOException {
        URI page = URI.create(ready.substring(ready.indexOf("http://")));
        return new Socket(page.getHost(), page.getPort());
    }

    /** Connects, sends that much of a request, and stays. */
    private Socket hold(String begun) throws IOException {
        Socket socket = connect();
        holding.add(socket);
        socket.getOutputStream().write(begun.getBytes(ISO_8859_1));
        return socket;
    }

    private static long value(String page, String metric) {
        return page.lines()
                .filter(line -> line.startsWith(metric + " "))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(metric.length())))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + metric + " in " + page));
    }

    @Test
    void shouldAnswerWhileOthersAreSlowAndTooManyAreTurnedAway() throws Exception {
        // A place for this scrape, and one for the scrape before, which has its answer already but
        // may not have left.
        for (int i = 0; i < CLIENTS - 2; i++) {
            hold(i % 2 == 0 ? "" : "GET /metrics HTTP/1.1\r\nX: ");
        }
        String page = scrape();
        assertTrue(value(page, "ringside_http_clients") >= CLIENTS - 1, page);
        assertEquals(CLIENTS, value(page, "ringside_http_clients_limit"));
        assertEquals(0, value(page, "ringside_http_turned_away_total"));

        for (int i = 0; i < 2 * CLIENTS; i++) {
            hold("");
        }
        String told = serving.await("ringside: warning: metrics: a client was turned away");
        assertTrue(told.contains("--metrics-clients"), told);
        busy.assertGoesOn();
        // They go on holding: the endpoint gives them up.
        assertTrue(value(awaitScrape(), "ringside_http_turned_away_total") >= CLIENTS);
    }

    /** Whoever sends a byte now and then is no faster than who sends none. */
    @Test
    void shouldNotWaitForThoseWhoNeverEnd() throws Exception {
        List<Socket> dripping = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            dripping.add(hold("GET /metrics HTTP/1.1\r\nX: "));
        }
        long deadline = System.nanoTime() + LIMIT_NS;
        while (!dripping.isEmpty()) {
            assertTrue(System.nanoTime() < deadline, dripping.size() + " are still waited for");
            dripping.removeIf(socket -> !drip(socket));
            LockSupport.parkNanos(50_000_000);
        }
        assertTrue(awaitScrape().contains("ringside_build_info"));
    }

    private static boolean drip(Socket socket) {
        try {
            socket.getOutputStream().write('y');
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void shouldHoldNoMoreAfterAFlood() throws Exception {
        flood(FLOOD / 4);
        long before = residentAnonymous();
        flood(FLOOD);
        awaitScrape();
        long grown = residentAnonymous() - before;
        System.out.printf(
                "attack | %d HTTP clients: anonymous memory %+d KiB%n", FLOOD, grown >> 10);
        assertTrue(grown < GROWTH_LIMIT, "grown by " + grown + " seed " + SEED);
    }

    private void flood(int connections) throws Exception {
        for (int i = 0; i < connections; i++) {
            try (Socket socket = connect()) {
                socket.getOutputStream().write(attack(i));
                // Some leave before the answer, some read a little of it.
                if (i % 3 == 0) {
                    int unused = socket.getInputStream().read();
                }
            } catch (IOException e) {
                // Turned away, or hung up on: its right.
                busy.assertGoesOn();
            }
        }
    }

    private byte[] attack(int i) {
        return switch (i % 6) {
            case 0 -> "GET /metrics HTTP/1.1\r\n\r\n".getBytes(ISO_8859_1);
            case 1 -> ("GET / HTTP/1.1\r\nX: " + "y".repeat(100_000)).getBytes(ISO_8859_1);
            case 2 -> ("GET /" + "x".repeat(40_000) + " HTTP/1.1\r\n\r\n").getBytes(ISO_8859_1);
            case 3 ->
                    "POST /metrics HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\nx"
                            .getBytes(ISO_8859_1);
            case 4 -> "A: b\r\n".repeat(2_000).getBytes(ISO_8859_1);
            default -> {
                byte[] bytes = new byte[1 + random.nextInt(2_000)];
                random.nextBytes(bytes);
                yield bytes;
            }
        };
    }

    private long residentAnonymous() throws IOException {
        String status = Files.readString(Path.of("/proc/" + serving.pid() + "/status"));
        int at = status.indexOf("RssAnon:");
        return Long.parseLong(status.substring(at, status.indexOf('\n', at)).replaceAll("\\D", ""))
                << 10;
    }
}
