package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the page says that Ringside says. */
final class TroubleshootingTest {
    private static final List<String> MODULES =
            List.of("shm", "metrics", "vhost-user", "virtio-blk", "virtio-net", "server");

    /** The sources' texts, each in one piece however it is broken into lines. */
    private static String texts() throws IOException {
        StringBuilder all = new StringBuilder();
        for (String module : MODULES) {
            try (Stream<Path> sources = Files.walk(Path.of("..", module, "src/main/java"))) {
                for (Path source : sources.filter(Files::isRegularFile).toList()) {
                    all.append(Files.readString(source)).append('\n');
                }
            }
        }
        return all.toString().replaceAll("\"\\s*\\+\\s*\"", "");
    }

    /** The first cell of each row that begins with code. */
    private static List<String> messages(String page) {
        return Pattern.compile("^\\| `([^`]+)` \\|", Pattern.MULTILINE)
                .matcher(page)
                .results()
                .map(row -> row.group(1))
                .collect(Collectors.toList());
    }

    @Test
    void shouldQuoteMessagesThatThereAre() throws IOException {
        String texts = texts();
        List<String> messages = messages(Files.readString(Path.of("../docs/troubleshooting.md")));

        assertTrue(messages.size() > 15, messages.toString());
        for (String message : messages) {
            assertTrue(texts.contains(message), "no source says: " + message);
        }
    }

    @Test
    void shouldNameOnlyMetricsThatAreDocumented() throws IOException {
        String metrics = Files.readString(Path.of("../docs/metrics.md"));
        String page = Files.readString(Path.of("../docs/troubleshooting.md"));
        var names = Pattern.compile("`(ringside_[a-z_]+)").matcher(page);
        while (names.find()) {
            assertTrue(metrics.contains("`" + names.group(1) + "`"), names.group(1));
        }
    }
}
