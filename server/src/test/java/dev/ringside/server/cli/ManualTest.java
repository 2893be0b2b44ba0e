package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Completion and manual pages have every command and option. */
final class ManualTest {
    @TempDir private Path folder = Path.of("/nonexistent");

    @BeforeEach
    void write() throws IOException {
        Manual.write(folder);
    }

    @Test
    void shouldHaveAPageForEachCommandWithEachOption() throws Exception {
        assertPages("ringside", Manual.commands());
        assertTrue(Files.exists(folder.resolve("man1/ringside-ctl-dump-ring.1")));
    }

    private void assertPages(String title, CommandLine command) throws IOException {
        String page = Files.readString(folder.resolve("man1").resolve(title + ".1"));
        for (OptionSpec option : command.getCommandSpec().options()) {
            String name = option.longestName().replace("-", "\\-");
            assertTrue(page.contains("\\fB" + name + "\\fR"), title + " " + name);
        }
        assertTrue(page.startsWith(".TH " + title.toUpperCase(java.util.Locale.ROOT)), page);
        assertTrue(!page.contains("%n"), page);
        for (var below : command.getSubcommands().entrySet()) {
            assertPages(title + "-" + below.getKey(), below.getValue());
        }
    }

    private String complete(String... words) throws Exception {
        String script =
                """
                source '%s'
                COMP_WORDS=(%s)
                COMP_CWORD=%d
                COMP_LINE="${COMP_WORDS[*]}"
                COMP_POINT=${#COMP_LINE}
                _complete_ringside 2>/dev/null # compopt works in a live shell only
                echo "${COMPREPLY[*]}"
                """
                        .formatted(
                                folder.resolve("completions/ringside"),
                                "'" + String.join("' '", words) + "'",
                                words.length - 1);
        Process bash =
                new ProcessBuilder(List.of("bash", "-c", script)).redirectErrorStream(true).start();
        String answer = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(bash.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, bash.exitValue(), answer);
        return answer.strip();
    }

    @Test
    void shouldCompleteInARealBash() throws Exception {
        assertTrue(complete("ringside", "u").contains("upgrade"));
        assertEquals("pause", complete("ringside", "ctl", "pau"));
        assertEquals("--shrink", complete("ringside", "ctl", "resize", "--shr"));
        assertTrue(complete("ringside", "blk", "--so").contains("--socket-path"));
    }
}
