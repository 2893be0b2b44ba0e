package dev.ringside.server.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a disk's sandbox leaves of its image and of the file beside it. */
class ConfinementIT {
    @TempDir private Path folder = Path.of("/nonexistent");
    private Path image = Path.of("/nonexistent");

    @BeforeEach
    void makeImage() throws IOException {
        image = Files.write(folder.resolve("image"), new byte[1 << 20]);
    }

    private String allowed(Path file, String... more) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx64m", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of("-cp", "target/test-classes:target/modules/*"));
        command.addAll(List.of(ConfinedDisk.class.getName(), file.toString()));
        command.addAll(List.of("--socket-path=" + folder.resolve("s"), "--blk-file=" + image));
        command.addAll(List.of(more));
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        String printed = new String(child.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, child.waitFor(), printed);
        return printed.strip();
    }

    @Test
    void shouldLeaveTheImageAsItIsServedAndNothingBesideIt() throws Exception {
        Path other = Files.createFile(folder.resolve("other"));

        assertEquals("[READ, WRITE]", allowed(image));
        assertEquals("[READ]", allowed(image, "--read-only"));
        assertEquals("[]", allowed(other));
        assertEquals("[]", allowed(other, "--read-only"));
    }
}
