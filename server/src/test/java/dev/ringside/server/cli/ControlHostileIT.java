package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ringside.frontend.ProcessUsage;
import dev.ringside.shm.Errno;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients of the control socket that send and hold what they like, beside a disk under verified
 * load. After each attack the control socket answers, and no descriptor is left.
 */
@Timeout(180)
final class ControlHostileIT {
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private static final int MIB = 1 << 20;
    private static final int CLIENTS = 8;
    private static final long LIMIT_NS = 60_000_000_000L;

    @TempDir private Path folder = Path.of("/nonexistent");
    private RingsideChild serving;
    private String ready = "";
    private BusyDisk busy;
    private long descriptors;

    @BeforeEach
    void serve() throws Exception {
        serving =
                RingsideChild.start(
                        "blk",
                        "--socket-path=" + folder.resolve("d.sock"),
                        "--backend=memory:size=16M",
                        "--control-socket=" + control(),
                        "--control-clients=" + CLIENTS,
                        "--metrics-port=0");
        ready = serving.awaitReady();
        busy = BusyDisk.start(folder.resolve("d.sock"));
        assertAnswers();
        descriptors = ProcessUsage.openDescriptors(serving.pid());
    }

    @AfterEach
    void assertUnharmed() throws Exception {
        busy.assertGoesOn();
        assertAnswers();
        awaitDescriptors();
        busy.close();
        serving.signal("TERM");
        assertEquals(0, serving.awaitExit(), serving.lines().toString());
        assertTrue(
                serving.lines().stream().noneMatch(line -> line.contains("please report")),
                serving.lines().toString());
        serving.close();
    }

    private Path control() {
        return folder.resolve("control");
    }

    private void assertAnswers() throws Exception {
        try (RingsideChild ctl =
                RingsideChild.start("ctl", "--control-socket=" + control(), "list")) {
            assertEquals(0, ctl.awaitExit(), ctl.lines().toString());
            assertTrue(ctl.output().contains("connected"));
        }
    }

    private void awaitDescriptors() throws IOException {
        long deadline = System.nanoTime() + LIMIT_NS;
        while (ProcessUsage.openDescriptors(serving.pid()) > descriptors) {
            if (System.nanoTime() > deadline) {
                fail("descriptors: " + ProcessUsage.openDescriptors(serving.pid()));
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Waits while more connect than are accepted. */
    private UnixSocket connect() throws IOException {
        long deadline = System.nanoTime() + LIMIT_NS;
        while (true) {
            try {
                return UnixSocket.connect(control());
            } catch (LinuxException e) {
                if (e.errno() != Errno.EAGAIN || System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    /** Sends as much as the other end takes; whether it still listens. */
    private static boolean send(UnixSocket socket, byte[] bytes, List<Fd> fds) throws IOException {
        long deadline = System.nanoTime() + LIMIT_NS;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            for (long at = 0; at < bytes.length; ) {
                int sent = socket.send(all.asSlice(at), at == 0 ? fds : List.of());
                at += Math.max(0, sent);
                if (System.nanoTime() > deadline) {
                    fail("it neither reads nor hangs up");
                }
            }
            return true;
        } catch (LinuxException e) {
            return false;
        }
    }

    private static void awaitHangup(UnixSocket socket) throws IOException {
        long deadline = System.nanoTime() + LIMIT_NS;
        try (Arena arena = Arena.ofConfined();
                ReceivedFds fds = new ReceivedFds()) {
            MemorySegment scrap = arena.allocate(4096);
            while (socket.receive(scrap, fds) != 0) {
                if (System.nanoTime() > deadline) {
                    fail("it does not hang up");
                }
                LockSupport.parkNanos(100_000);
            }
        } catch (LinuxException e) {
            assertEquals(Errno.ECONNRESET, e.errno());
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void shouldSurviveGarbage() throws Exception {
        Random random = new Random(SEED);
        for (int round = 0; round < 200; round++) {
            byte[] garbage = new byte[random.nextInt(5_000)];
            random.nextBytes(garbage);
            try (UnixSocket client = connect()) {
                send(client, garbage, List.of());
            }
        }
        List<String> wrong =
                List.of(
                        "{}\n".repeat(1_000),
                        "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":[]}\n",
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"devices\",\"params\":7}\n",
                        "{\"fds\":2147483647}\n{\"fds\":-1}\n{\"fds\":\"x\"}\n",
                        "[".repeat(100_000) + "\n",
                        "{\"a\":".repeat(50_000) + "\n",
                        "\"" + "\\u0000".repeat(1_000) + "\"\n",
                        "{\"id\":" + "9".repeat(2_000) + "}\n");
        for (String line : wrong) {
            try (UnixSocket client = connect()) {
                send(client, text(line), List.of());
                busy.assertGoesOn();
            }
        }
    }

    @Test
    void shouldHangUpOnALineWithoutEnd() throws Exception {
        try (UnixSocket client = connect()) {
            byte[] piece = new byte[64 << 10];
            int sent = 0;
            while (send(client, piece, List.of())) {
                sent += piece.length;
                assertTrue(sent < 8 * MIB, "a line of " + sent + " bytes was taken");
            }
            awaitHangup(client);
        }
    }

    @Test
    void shouldKeepNothingOfDescriptorsThatNobodyWants() throws Exception {
        try (EventFd event = EventFd.create()) {
            for (int count : new int[] {1, 16, 17, 253}) {
                List<Fd> fds = Collections.nCopies(count, event.fd());
                for (String line : List.of("{", "{}\n", "nonsense\n", "{\"fds\":1}\n")) {
                    try (UnixSocket client = connect()) {
                        send(client, text(line), fds);
                    }
                }
            }
            try (UnixSocket client = connect()) {
                // More and more of them, and never a line that asks for one.
                while (send(client, text("{}\n"), List.of(event.fd()))) {
                    busy.assertGoesOn();
                }
            }
        }
    }

    /** Half messages, kept open: others are turned away, and only as long as that lasts. */
    @Test
    void shouldTurnAwayThoseWhoAreTooManyAndOnlyThose() throws Exception {
        List<UnixSocket> holding = new ArrayList<>();
        try {
            for (int i = 0; i < 40; i++) {
                UnixSocket client = connect();
                holding.add(client);
                send(client, text("{\"jsonrpc\":"), List.of());
            }
            awaitHangup(holding.getLast());
            serving.await(
                    "ringside: warning: control socket: a client was turned away: there are "
                            + CLIENTS
                            + " already (--control-clients)");
            String page = RingsideChild.metrics(ready);
            assertTrue(page.contains("\nringside_control_clients " + CLIENTS), page);
            assertTrue(page.contains("\nringside_control_clients_limit " + CLIENTS), page);
            assertFalse(page.contains("\nringside_control_turned_away_total 0"), page);
            busy.assertGoesOn();
        } finally {
            holding.forEach(UnixSocket::close);
        }
        awaitDescriptors();
    }

    /**
     * Permissions of the file alone would let it in: its user does not. It may be turned away
     * before it has asked for anything.
     */
    @Test
    void shouldTurnAwayOtherUsers() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(control(), PosixFilePermissions.fromString("rw-rw-rw-"));
        String client =
                "use IO::Socket::UNIX; $SIG{PIPE} = sub {};"
                        + " my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 3;"
                        + " print $s '{}', \"\\n\"; $s->flush; exit defined(<$s>) ? 4 : 0;";
        Process nobody =
                new ProcessBuilder(
                                "setpriv",
                                "--reuid=nobody",
                                "--regid=nogroup",
                                "--clear-groups",
                                "perl",
                                "-e",
                                client,
                                control().toString())
                        .inheritIO()
                        .start();
        assertTrue(nobody.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, nobody.exitValue(), "3: cannot connect, 4: it was answered");
        String told = serving.await("ringside: warning: control socket: process ");
        assertTrue(told.contains("was turned away"), told);
    }
}
