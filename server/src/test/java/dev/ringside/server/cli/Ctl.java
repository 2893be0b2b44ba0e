package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.options.ExitCode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code ringside ctl}, without a process of its own. */
record Ctl(Path socket) {
    /** What a verb prints when it does what it was told. */
    String run(String... words) throws Exception {
        return run(ExitCode.OK, words);
    }

    /** What a verb prints, on whichever stream; it must end with this status. */
    String run(int status, String... words) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("ctl", "--control-socket=" + socket));
        arguments.addAll(List.of(words));
        var printed = new ByteArrayOutputStream();
        try (var stream = new PrintStream(printed, true, UTF_8)) {
            int actual = new Cli(stream, stream).run(arguments);
            assertEquals(status, actual, printed.toString(UTF_8));
        }
        return printed.toString(UTF_8);
    }
}
