package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service needs no privilege: user nobody, no groups, no capabilities, none to be had. */
@Timeout(120)
final class UnprivilegedIT {
    private static final List<String> AS_NOBODY =
            List.of(
                    "setpriv",
                    "--reuid=nobody",
                    "--regid=nogroup",
                    "--clear-groups",
                    "--inh-caps=-all",
                    "--bounding-set=-all",
                    "--no-new-privs");

    @TempDir private Path folder = Path.of("/nonexistent");
    private Path modules = Path.of("/nonexistent");

    private void give(Path file) throws IOException {
        UserPrincipal nobody =
                FileSystems.getDefault()
                        .getUserPrincipalLookupService()
                        .lookupPrincipalByName("nobody");
        Files.setOwner(file, nobody);
    }

    /** The folder is nobody's, and what the build has made is in it. */
    @BeforeEach
    void installForNobody() throws IOException {
        give(folder);
        modules = Files.createDirectory(folder.resolve("modules"));
        try (var built = Files.newDirectoryStream(Path.of("target/modules"))) {
            for (Path module : built) {
                Files.copy(module, modules.resolve(module.getFileName().toString()));
            }
        }
    }

    @Test
    void shouldServeWithoutAnyPrivilege() throws Exception {
        Path image = folder.resolve("d.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(16 << 20);
        }
        give(image);
        Path config = folder.resolve("c.toml");
        Files.writeString(
                config,
                """
                [server]
                metrics-port = 0
                control-socket = "@control"

                [disk.d]
                socket-path = "@d.sock"
                blk-file = "@d.img"

                [nic.n]
                socket-path = "@n.sock"
                switch = "lan"
                """
                        .replace("@", folder + "/"));

        try (RingsideChild child =
                RingsideChild.startBuilt(AS_NOBODY, modules, "serve", config.toString())) {
            String ready = child.awaitReady();
            assertEquals("nobody", Files.getOwner(folder.resolve("d.sock")).getName());
            try (BlkDriver disk =
                    BlkDriver.start(
                            FrontendConnection.connect(folder.resolve("d.sock")),
                            FrontendMemory.likePc(16 << 20),
                            BlkOptions.defaults().queues(2))) {
                BlkLoad.Running load = new BlkLoad(disk, LoadOptions.verified(8)).start();
                while (load.load().completed() < 1000 && !load.ended()) {
                    Thread.onSpinWait();
                }
                LoadResult result = load.stopAndJoin();
                assertTrue(result.clean(), result.summary());
            }
            assertTrue(RingsideChild.metrics(ready).contains("ringside_blk_requests_total"));
            child.signal("TERM");
            assertEquals(0, child.awaitExit(), child.lines().toString());
        }
    }

    @Test
    void shouldSayWhatItMayNotOpen() throws Exception {
        Path image = folder.resolve("secret.img");
        Files.createFile(image);
        give(folder);
        Files.setPosixFilePermissions(image, Set.of());

        try (RingsideChild child =
                RingsideChild.startBuilt(
                        AS_NOBODY,
                        modules,
                        "blk",
                        "--socket-path=" + folder.resolve("s"),
                        "--blk-file=" + image)) {
            child.assertRefusesToStart("secret.img", "ermission denied");
        }
    }
}
