package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.shm.UnixSocket;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ringside blk} as its operator and its parent process see it. */
final class BlkProcessIT {
    private static final long FRONT_END_MS = 20_000;
    private static final int VERSION_1 = 1;
    private static final String DISK = "--backend=null:size=1G";

    @TempDir private Path folder = Path.of("/nonexistent");

    private Path socket() {
        return folder.resolve("d.sock");
    }

    private String socketOption() {
        return "--socket-path=" + socket();
    }

    private static void assertServes(FrontendConnection frontEnd) throws IOException {
        var reply = frontEnd.call(VhostUserSpec.GET_FEATURES, VERSION_1, new byte[0]);
        assertEquals(Long.BYTES, reply.payload().length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT", "HUP"})
    void shouldServeUntilASignalAndLeaveNothingBehind(String signal) throws Exception {
        // The tests may run under nohup, or in the background of a shell.
        var start = RingsideChild.perl("$SIG{INT} = $SIG{HUP} = 'DEFAULT';");
        try (var child = RingsideChild.start(start, Map.of(), "blk", socketOption(), DISK)) {
            String ready = child.awaitReady();
            assertTrue(ready.contains("disk d: null, 1 GiB"), ready);
            assertTrue(ready.contains(socket() + " (mode 0600)"), ready);
            try (FrontendConnection frontEnd = FrontendConnection.connect(socket())) {
                assertServes(frontEnd);

                child.signal(signal);

                assertTrue(frontEnd.awaitHangup());
            }
            assertEquals(0, child.awaitExit(), child.lines().toString());
            assertTrue(child.lines().getLast().startsWith("ringside: stopped: SIG" + signal));
            assertEquals(2, child.lines().size(), child.lines().toString());
            assertEquals("", child.output());
        }
        assertFalse(Files.exists(socket()));
    }

    @Test
    void shouldGoOnIgnoringWhatItsParentIgnores() throws Exception {
        var start = RingsideChild.perl("$SIG{INT} = $SIG{HUP} = 'IGNORE';");
        try (var child = RingsideChild.start(start, Map.of(), "blk", socketOption(), DISK)) {
            child.awaitReady();

            child.signal("HUP");
            child.signal("INT");

            try (FrontendConnection frontEnd = FrontendConnection.connect(socket())) {
                assertServes(frontEnd);
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit());
            assertTrue(child.lines().getLast().startsWith("ringside: stopped: SIGTERM"));
        }
    }

    @Test
    void shouldGiveTheSocketFileItsModeAndOwner() throws Exception {
        String owner = Files.getOwner(folder).getName();
        String group = Files.readAttributes(folder, PosixFileAttributes.class).group().getName();
        try (var child =
                RingsideChild.start(
                        "blk",
                        socketOption(),
                        DISK,
                        "--socket-mode=0620",
                        "--socket-owner=" + owner + ":" + group)) {
            child.awaitReady();

            PosixFileAttributes file = Files.readAttributes(socket(), PosixFileAttributes.class);

            assertEquals("rw--w----", PosixFilePermissions.toString(file.permissions()));
            assertEquals(owner, file.owner().getName());
            assertEquals(group, file.group().getName());
        }
    }

    @Test
    void shouldServeMetricsWhereTheReadyLineSays() throws Exception {
        try (var child = RingsideChild.start("blk", socketOption(), DISK, "--metrics-port=0")) {
            String ready = child.awaitReady();
            URI metrics = URI.create(ready.substring(ready.indexOf("http://")));
            assertEquals("127.0.0.1", metrics.getHost());

            String text = new String(metrics.toURL().openStream().readAllBytes(), UTF_8);
            String state =
                    new String(
                            metrics.resolve("/readyz").toURL().openStream().readAllBytes(), UTF_8);

            assertTrue(text.contains("ringside_blk_requests_total{device=\"d\""), text);
            assertTrue(text.contains("ringside_build_info{"), text);
            assertEquals("ready\n", state);
            child.signal("TERM");
            assertEquals(0, child.awaitExit());
        }
    }

    @Test
    void shouldStartNothingWhenTheMetricsPortIsTaken() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var child =
                        RingsideChild.start(
                                "blk",
                                socketOption(),
                                DISK,
                                "--metrics-port=" + taken.getLocalPort(),
                                "--metrics-address=" + taken.getInetAddress().getHostAddress())) {
            child.assertRefusesToStart("--metrics-port=" + taken.getLocalPort(), "another port");
        }
        assertFalse(Files.exists(socket()));
    }

    @Test
    void shouldStartNothingWhenTheDiskIsMissing() throws Exception {
        Path missing = folder.resolve("none.img");
        try (var child = RingsideChild.start("blk", socketOption(), "--blk-file=" + missing)) {
            child.assertRefusesToStart(missing.toString());
        }
        assertFalse(Files.exists(socket()));
    }

    @Test
    void shouldLeaveASocketAloneThatSomebodyElseServes() throws Exception {
        try (var other = RingsideChild.start("blk", socketOption(), DISK)) {
            other.awaitReady();

            try (var child = RingsideChild.start("blk", socketOption(), DISK)) {
                child.assertRefusesToStart(socket().toString());
            }

            try (FrontendConnection frontEnd = FrontendConnection.connect(socket())) {
                assertServes(frontEnd);
            }
        }
    }

    @Test
    void shouldReplaceTheSocketFileOfAKilledProcess() throws Exception {
        try (var killed = RingsideChild.start("blk", socketOption(), DISK)) {
            killed.awaitReady();
            killed.signal("KILL");
            killed.awaitExit();
        }
        assertTrue(Files.exists(socket()));

        try (var child = RingsideChild.start("blk", socketOption(), DISK)) {
            child.awaitReady();
            try (FrontendConnection frontEnd = FrontendConnection.connect(socket())) {
                assertServes(frontEnd);
            }
        }
    }

    @Test
    void shouldNotRemoveASocketFileThatSomebodyElseMadeSince() throws Exception {
        try (var child = RingsideChild.start("blk", socketOption(), DISK)) {
            child.awaitReady();
            Files.delete(socket());
            Files.writeString(socket(), "another's");

            child.signal("TERM");

            assertEquals(0, child.awaitExit());
        }
        assertEquals("another's", Files.readString(socket()));
    }

    @Test
    void shouldServeAnInheritedListeningSocketTwice() throws Exception {
        String script =
                "socket(S, PF_UNIX, SOCK_STREAM, 0) or die; bind(S, sockaddr_un('"
                        + socket()
                        + "')) or die; listen(S, 5) or die; push @ARGV, '--fd=' . fileno(S);";
        try (var child = RingsideChild.start(RingsideChild.perl(script), Map.of(), "blk", DISK)) {
            child.awaitReady();
            for (int i = 0; i < 2; i++) {
                try (FrontendConnection frontEnd = FrontendConnection.connect(socket())) {
                    assertServes(frontEnd);
                }
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit());
        }
        assertTrue(Files.exists(socket()), "the socket file belongs to the parent");
    }

    @Test
    void shouldServeAnInheritedConnectionUntilItEnds() throws Exception {
        String script =
                "socket(S, PF_UNIX, SOCK_STREAM, 0) or die; connect(S, sockaddr_un('"
                        + socket()
                        + "')) or die; push @ARGV, '--fd', fileno(S);";
        try (UnixSocket listener = UnixSocket.listen(socket(), 1);
                var child =
                        RingsideChild.start(RingsideChild.perl(script), Map.of(), "blk", DISK)) {
            try (FrontendConnection frontEnd = FrontendConnection.accept(listener, FRONT_END_MS)) {
                assertServes(frontEnd);
            }

            assertEquals(0, child.awaitExit(), child.lines().toString());
            assertTrue(child.lines().getLast().contains("hung up"), child.lines().toString());
        }
    }

    @Test
    void shouldRefuseInheritedDescriptorsOfTheWrongKind() throws Exception {
        List<String> file = List.of("bash", "-c", "exec 9</etc/passwd; exec \"$@\"", "bash");
        try (var child = RingsideChild.start(file, Map.of(), "blk", "--fd=9", DISK)) {
            child.assertRefusesToStart("--fd=9", "/etc/passwd");
        }
        String datagram =
                "socketpair(S, T, PF_UNIX, SOCK_DGRAM, 0) or die; push @ARGV, '--fd', fileno(S);";
        try (var child = RingsideChild.start(RingsideChild.perl(datagram), Map.of(), "blk", DISK)) {
            child.assertRefusesToStart("fd ", "stream");
        }
        String internet =
                "socket(S, PF_INET, SOCK_STREAM, 0) or die; push @ARGV, '--fd', fileno(S);";
        try (var child = RingsideChild.start(RingsideChild.perl(internet), Map.of(), "blk", DISK)) {
            child.assertRefusesToStart("fd ", "unix");
        }
    }

    @Test
    void shouldConnectAsClientAndAgainAfterALoss() throws Exception {
        try (var child = RingsideChild.start("blk", socketOption(), "--client", DISK)) {
            child.awaitReady();
            for (int i = 0; i < 2; i++) {
                try (UnixSocket listener = UnixSocket.listen(socket(), 1);
                        FrontendConnection frontEnd =
                                FrontendConnection.accept(listener, FRONT_END_MS)) {
                    assertServes(frontEnd);
                }
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit());
        }
    }

    @Test
    void shouldTellTheServiceManager() throws Exception {
        Path notify = folder.resolve("notify");
        var receiver =
                new ProcessBuilder(
                                "perl",
                                "-MSocket",
                                "-e",
                                "$| = 1; socket(S, PF_UNIX, SOCK_DGRAM, 0) or die;"
                                        + " bind(S, sockaddr_un($ARGV[0])) or die;"
                                        + " print \"bound\\n\";"
                                        + " while (defined recv(S, $m, 4096, 0)) {print \"$m\\n\"}",
                                "--",
                                notify.toString())
                        .start();
        try (var lines =
                        new BufferedReader(
                                new InputStreamReader(receiver.getInputStream(), UTF_8));
                var child = startNotifying(lines, notify)) {
            child.awaitReady();
            assertEquals("READY=1", lines.readLine());
            child.signal("TERM");
            assertEquals("STOPPING=1", lines.readLine());
            assertEquals(0, child.awaitExit());
        } finally {
            receiver.destroy();
        }
    }

    private RingsideChild startNotifying(BufferedReader receiver, Path notify) throws IOException {
        assertEquals("bound", receiver.readLine());
        return RingsideChild.start(
                List.of(), Map.of("NOTIFY_SOCKET", notify.toString()), "blk", socketOption(), DISK);
    }
}
