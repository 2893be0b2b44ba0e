package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.server.demo.RingsideProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The process as a service manager sees it. */
class TerminationIT {
    @TempDir Path folder;

    private Path image() throws IOException {
        final Path path = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(16 << 20);
        }
        return path;
    }

    @Test
    void shouldExitCleanlyOnSigtermAndLoseNothingUnderLoad() throws Exception {
        final Path image = image();
        final Path socket = folder.resolve("s");
        final List<String> arguments =
                List.of("blk", "--socket-path=" + socket, "--blk-file=" + image, "--num-queues=2");
        final BlkOptions options = BlkOptions.defaults().queues(2);
        final BlkLoad load;
        try (RingsideProcess ringside = RingsideProcess.start(arguments, line -> {});
                BlkDriver driver =
                        BlkDriver.start(
                                FrontendConnection.connect(socket, 5_000),
                                FrontendMemory.likePc(16 << 20),
                                options)) {
            load = new BlkLoad(driver, LoadOptions.verified(16).stallNs(1_000_000_000L));
            final BlkLoad.Running running = load.start();
            Await.until("the load runs", () -> load.completed() > 500);
            assertEquals(0, ringside.terminate(), ringside.messages());
            assertThrows(IOException.class, running::join, "nobody answers any more");
            assertTrue(driver.protocol().connection().awaitHangup());
        }
        assertTrue(Files.notExists(socket), "the socket file is gone");

        // What was acknowledged is in the file, and a new process serves it.
        try (RingsideProcess ringside = RingsideProcess.start(arguments, line -> {});
                BlkDriver driver =
                        BlkDriver.start(
                                FrontendConnection.connect(socket, 5_000),
                                FrontendMemory.likePc(16 << 20),
                                options)) {
            final LoadResult check =
                    new BlkLoad(
                                    driver,
                                    LoadOptions.verified(16)
                                            .random(false)
                                            .readPercent(100)
                                            .requests(load.ledger().blocks()),
                                    load.ledger())
                            .run();
            assertTrue(check.clean(), check.summary());
            assertTrue(load.ledger().known() > 0);
            assertEquals(0, ringside.terminate(), ringside.messages());
        }
    }
}
