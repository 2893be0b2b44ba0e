package dev.ringside.server.ctl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.config.ConfigFile;
import dev.ringside.server.options.OperatorException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The verbs: what is typed, and what the document says of it. */
final class VerbsTest {
    private static final Path PAGE = Path.of("..", "docs", "control.md");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z-]+)[^\n]*$");

    private static String run(String... words) throws Exception {
        var out = new ByteArrayOutputStream();
        var print = new PrintStream(out, true, StandardCharsets.UTF_8);
        assertEquals(0, CtlCommand.run(List.of(words), print, print));
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void shouldExplainEveryVerbAndItsOptions() throws Exception {
        String page = Files.readString(PAGE);
        int start = page.indexOf("| verb |");
        String table = page.substring(start, page.indexOf("\n\n", start));
        Map<String, String> rows =
                ROW.matcher(table)
                        .results()
                        .collect(Collectors.toMap(row -> row.group(1), row -> row.group()));

        Map<String, CommandLine> verbs = CtlCommand.commandLine().getSubcommands();

        assertEquals(verbs.keySet(), rows.keySet());
        for (Map.Entry<String, CommandLine> verb : verbs.entrySet()) {
            for (OptionSpec option : verb.getValue().getCommandSpec().options()) {
                String name = option.longestName();
                boolean common = List.of("--control-socket", "--output", "--help").contains(name);
                assertTrue(
                        common || rows.getOrDefault(verb.getKey(), "").contains(name),
                        verb.getKey() + " " + name);
            }
            Matcher named =
                    Pattern.compile("--[a-z-]+").matcher(rows.getOrDefault(verb.getKey(), ""));
            while (named.find()) {
                assertNotNull(
                        verb.getValue().getCommandSpec().findOption(named.group()), named.group());
            }
        }
    }

    @Test
    void shouldPrintHelpOfEachVerb() throws Exception {
        assertTrue(run("--help").contains("dump-ring"));
        for (Verb verb : Verbs.all()) {
            String help = run(verb.name(), "--help");

            assertTrue(help.contains("ringside ctl --control-socket=PATH " + verb.name()), help);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fix | 'fix' is no verb",
                "list x | 'x' is not what list takes",
                "show | write ringside ctl show NAME",
                "link a | up|down",
                "list | there is no process to ask",
                "list --fast | there is no option --fast",
            })
    void shouldSayWhatIsWrong(String typed) {
        String words = typed.substring(0, typed.indexOf('|')).strip();
        String told = typed.substring(typed.indexOf('|') + 1).strip();

        OperatorException wrong =
                assertThrows(OperatorException.class, () -> run(words.split(" ", -1)));

        assertTrue(String.valueOf(wrong.getMessage()).contains(told), wrong.getMessage());
    }

    @Test
    void shouldMakeATableOfWhatIsTyped() throws Exception {
        String toml =
                ConfigVerbs.table(
                        List.of(
                                "disk",
                                "a.b",
                                "socket-path=/run/\"x\"=y.sock",
                                "read-only=true",
                                "backend=memory:size=1G"));

        var table = ConfigFile.parse("typed", toml).getFirst();

        assertEquals("a.b", table.name());
        assertEquals(
                Map.of(
                        "--socket-path",
                        "/run/\"x\"=y.sock",
                        "--read-only",
                        "",
                        "--backend",
                        "memory:size=1G"),
                table.values());
        assertThrows(
                OperatorException.class, () -> ConfigVerbs.table(List.of("disk", "a", "fast")));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "512,512", "20G,21474836480", "3t,3298534883328", "7K,7168"})
    void shouldReadSizes(String text, long bytes) throws Exception {
        assertEquals(bytes, DeviceVerbs.bytes(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "G", "-1", "0", "1.5G", "9999999999T", "20GB"})
    void shouldRefuseWhatIsNoSize(String text) {
        assertThrows(OperatorException.class, () -> DeviceVerbs.bytes(text));
    }
}
