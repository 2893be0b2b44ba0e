package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import java.io.RandomAccessFile;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what at the control socket, and what a process in the sandbox can still do. */
@Timeout(300)
final class ControlAccessIT {
    private static final String GROUP = "nogroup";

    @TempDir private Path folder = Path.of("/nonexistent");
    private Path config = Path.of("/nonexistent");
    private Path modules = Path.of("/nonexistent");

    @BeforeEach
    void prepare() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        modules = Files.createDirectory(folder.resolve("modules"));
        try (var built = Files.newDirectoryStream(Path.of("target/modules"))) {
            for (Path module : built) {
                Files.copy(module, modules.resolve(module.getFileName().toString()));
            }
        }
        try (var image = new RandomAccessFile(folder.resolve("d.img").toString(), "rw")) {
            image.setLength(16 << 20);
        }
        config = folder.resolve("c.toml");
    }

    private void configure(String server) throws Exception {
        Files.writeString(
                config,
                """
                [server]
                control-socket = "@control"
                %s

                [disk.d]
                socket-path = "@d.sock"
                blk-file = "@d.img"
                """
                        .formatted(server)
                        .replace("@", folder + "/"));
    }

    private RingsideChild ctl(List<String> as, String... words) throws Exception {
        List<String> arguments =
                new ArrayList<>(List.of("ctl", "--control-socket=" + folder.resolve("control")));
        arguments.addAll(List.of(words));
        return RingsideChild.startBuilt(as, modules, arguments.toArray(String[]::new));
    }

    private static List<String> nobody(String group, String... others) {
        List<String> command =
                new ArrayList<>(List.of("setpriv", "--reuid=nobody", "--regid=" + group));
        command.add(others.length == 0 ? "--clear-groups" : "--groups=" + String.join(",", others));
        return command;
    }

    @Test
    void shouldLetAGroupLookAndChangeNothing() throws Exception {
        configure("control-readers = \"" + GROUP + "\"");
        try (RingsideChild serving = RingsideChild.start("serve", config.toString())) {
            serving.awaitReady();
            for (List<String> reader : List.of(nobody(GROUP), nobody("daemon", GROUP))) {
                try (RingsideChild list = ctl(reader, "list");
                        RingsideChild pause = ctl(reader, "pause", "d")) {
                    assertEquals(0, list.awaitExit(), list.lines().toString());
                    assertTrue(list.output().contains("\nd       disk"), "the disk");
                    assertEquals(1, pause.awaitExit());
                    String told = pause.lines().getFirst();
                    assertTrue(told.contains("device.pause changes the process"), told);
                }
            }
            try (RingsideChild stranger = ctl(nobody("daemon"), "list");
                    RingsideChild root = ctl(List.of(), "pause", "d")) {
                stranger.assertRefusesToStart("Permission denied");
                assertEquals(0, root.awaitExit(), root.lines().toString());
            }
            Files.setPosixFilePermissions(
                    folder.resolve("control"), PosixFilePermissions.fromString("rw-rw-rw-"));
            try (RingsideChild stranger = ctl(nobody("daemon"), "list")) {
                stranger.assertRefusesToStart("--control-socket=");
                String told = serving.await("ringside: warning: control socket: process ");
                assertTrue(told.contains("was turned away"), told);
            }
        }
    }

    /** Whoever may look holds as many connections as it gets; its owner is heard nevertheless. */
    @Test
    void shouldNotLetReadersLockOutTheOwner() throws Exception {
        configure("control-readers = \"" + GROUP + "\"\ncontrol-clients = 4");
        String hold =
                "use IO::Socket::UNIX; my @all = map { IO::Socket::UNIX->new(Peer => $ARGV[0]) }"
                        + " 1 .. 8; $| = 1; print \"held\\n\"; <STDIN>;";
        List<String> command = new ArrayList<>(nobody(GROUP));
        command.addAll(List.of("perl", "-e", hold, folder.resolve("control").toString()));
        try (RingsideChild serving = RingsideChild.start("serve", config.toString())) {
            serving.awaitReady();
            Process reader = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
            try {
                assertEquals("held", reader.inputReader().readLine());
                serving.await(
                        "ringside: warning: control socket: a client was turned away: there are 2"
                                + " already that may only look (half of --control-clients)");
                try (RingsideChild root = ctl(List.of(), "pause", "d")) {
                    assertEquals(0, root.awaitExit(), root.lines().toString());
                }
            } finally {
                reader.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void shouldRefuseReadersThatAreNotThere() throws Exception {
        configure("control-readers = \"nobody-here\"");
        try (RingsideChild unknown = RingsideChild.start("serve", config.toString())) {
            unknown.assertRefusesToStart("control-readers=nobody-here", "does not know");
        }
        try (RingsideChild alone =
                RingsideChild.start(
                        "blk",
                        "--socket-path=" + folder.resolve("s"),
                        "--backend=null:size=1G",
                        "--control-readers=" + GROUP)) {
            alone.assertRefusesToStart("has no meaning without --control-socket");
        }
    }

    @Test
    void shouldSayWhatCannotBeDoneInTheSandbox() throws Exception {
        configure("sandbox = true");
        try (RingsideChild serving = RingsideChild.start("serve", config.toString())) {
            serving.awaitReady();
            try (BlkDriver driver =
                            BlkDriver.start(
                                    FrontendConnection.connect(folder.resolve("d.sock")),
                                    FrontendMemory.likePc(16 << 20),
                                    BlkOptions.defaults());
                    RingsideChild resize = ctl(List.of(), "resize", "d", "32M")) {
                assertEquals(0, resize.awaitExit(), resize.lines().toString());
                driver.awaitConfigChange();
                assertEquals(32 << 20, driver.capacityBytes());
            }
            String socket = "socket-path=" + folder.resolve("e.sock");
            try (RingsideChild add =
                    ctl(List.of(), "add", "disk", "e", "backend=null:size=1G", socket)) {
                assertEquals(1, add.awaitExit());
                String told = add.lines().getFirst();
                assertTrue(told.contains("in the sandbox"), told);
            }
            try (RingsideChild shutdown = ctl(List.of(), "shutdown")) {
                assertEquals(0, shutdown.awaitExit(), shutdown.lines().toString());
                assertEquals(0, serving.awaitExit(), serving.lines().toString());
            }
        }
    }
}
