package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
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
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The program as it is installed, with its own Java runtime and its archive of classes, which needs
 * nothing of its files any more when another one lies in their place.
 */
@Timeout(120)
final class ReplacedProgramIT {
    /** A JVM that cannot use its archive does not start. */
    private static final Map<String, String> ARCHIVED = Map.of("RINGSIDE_JAVA_OPTS", "-Xshare:on");

    @TempDir private Path folder = Path.of("/nonexistent");

    /** As a package does, elsewhere. */
    private Path install(String name) throws IOException, InterruptedException {
        Path tree = folder.resolve(name);
        run(
                """
                . ../bin/payload.sh
                ringside_payload .. "$0"
                lib=$0/usr/lib/ringside
                . "$lib/cds.sh"
                ringside_train "$lib/ringside.jsa" "$lib/runtime/bin/java" "@$lib/jvm.options" \
                    -cp "$lib/modules/ringside-server.jar" dev.ringside.server.cli.Main
                """,
                tree);
        return tree.resolve("usr/bin/ringside");
    }

    private static void run(String script, Path argument) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder("bash", "-euc", script, argument.toString())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), said);
    }

    @Test
    void shouldHandOverWithoutItsFiles() throws Exception {
        Path old = install("old");
        Path next = install("next");
        Path socket = folder.resolve("d.sock");
        String control = "--control-socket=" + folder.resolve("control");
        try (RingsideChild serving =
                        RingsideChild.startProgram(
                                old,
                                ARCHIVED,
                                "blk",
                                "--socket-path=" + socket,
                                "--backend=memory:size=16M",
                                "--sandbox",
                                control);
                BlkDriver driver = start(serving, socket)) {
            run("rm -r \"$0\"", folder.resolve("old"));
            BlkLoad.Running load = new BlkLoad(driver, LoadOptions.verified(16)).start();

            try (RingsideChild successor =
                    RingsideChild.startProgram(next, ARCHIVED, "upgrade", control)) {
                successor.awaitReady();

                assertEquals(0, serving.awaitExit(), serving.lines().toString());
                LoadResult result = load.stopAndJoin();
                assertTrue(result.clean(), result.summary());
                successor.signal("TERM");
                assertEquals(0, successor.awaitExit(), successor.lines().toString());
            }
        }
    }

    private static BlkDriver start(RingsideChild serving, Path socket) throws IOException {
        serving.awaitReady();
        assertEquals(1, serving.lines().size(), serving.lines().toString());
        return BlkDriver.start(
                FrontendConnection.connect(socket),
                FrontendMemory.likePc(16 << 20),
                BlkOptions.defaults());
    }
}
