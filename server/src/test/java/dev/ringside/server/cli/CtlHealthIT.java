package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.server.options.ExitCode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ringside ctl health} and {@code log-level} at a running process. */
@Timeout(120)
final class CtlHealthIT {
    @TempDir private Path folder = Path.of("/nonexistent");
    private RingsideChild serving;

    @BeforeEach
    void serve() throws IOException {
        serving =
                RingsideChild.start(
                        "blk",
                        "--socket-path=" + folder.resolve("d.sock"),
                        "--backend=null:size=1M",
                        "--control-socket=" + folder.resolve("control"));
        serving.awaitReady();
    }

    @AfterEach
    void end() {
        serving.close();
    }

    private String ctl(int status, String... words) throws Exception {
        return new Ctl(folder.resolve("control")).run(status, words);
    }

    @Test
    void shouldSayWhetherFrontEndsAreServed() throws Exception {
        assertEquals("healthy, serving\n", ctl(ExitCode.OK, "health"));

        ctl(ExitCode.OK, "drain", "--timeout=0");
        assertEquals("healthy, not ready: draining\n", ctl(ExitCode.FAILED, "health"));

        ctl(ExitCode.OK, "drain", "--undo");
        assertEquals("healthy, serving\n", ctl(ExitCode.OK, "health"));
    }

    @Test
    void shouldChangeTheLevelOfTheLog() throws Exception {
        assertEquals("lines are written from info on\n", ctl(ExitCode.OK, "log-level"));
        assertEquals("lines are written from debug on\n", ctl(ExitCode.OK, "log-level", "debug"));

        FrontendConnection.connect(folder.resolve("d.sock")).close();

        assertTrue(serving.await("ringside: debug: front-end connected").contains("d.sock"));
        String refused = ctl(ExitCode.FAILED, "log-level", "loud");
        assertTrue(refused.contains("loud is not one of debug, info, warning, error"), refused);
    }
}
