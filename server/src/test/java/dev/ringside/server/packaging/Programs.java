package dev.ringside.server.packaging;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Runs programs, and has what is installed serve. */
final class Programs {
    private Programs() {}

    /** What a program prints, on whichever stream; it must succeed. */
    static String output(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), String.join(" ", command) + ": " + output);
        return output;
    }

    /** Has a script of {@code bin} make a file in a folder; where that is. */
    static Path make(String script, Path folder) throws IOException, InterruptedException {
        Path messages = folder.resolve("messages");
        Process process =
                new ProcessBuilder(Path.of("../bin", script).toString(), folder.toString())
                        .redirectError(messages.toFile())
                        .start();
        String printed = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        assertEquals(0, process.waitFor(), Files.readString(messages));
        return Path.of(printed);
    }

    /** A driver of a disk of 16 MiB, which has served a verified load. */
    static BlkDriver drive(Path socket) throws IOException {
        BlkDriver driver =
                BlkDriver.start(
                        FrontendConnection.connect(socket),
                        FrontendMemory.likePc(16 << 20),
                        BlkOptions.defaults());
        LoadResult result = new BlkLoad(driver, LoadOptions.verified(16).requests(2_000)).run();
        assertTrue(result.clean(), result.summary());
        return driver;
    }
}
