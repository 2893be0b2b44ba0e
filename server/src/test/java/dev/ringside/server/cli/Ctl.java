package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.options.ExitCode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code ringside ctl} in a process of its own. */
record Ctl(Path socket) {
    /** What a verb prints when it does what it was told. */
    String run(String... words) throws Exception {
        return run(ExitCode.OK, words);
    }

    /** What a verb prints, on whichever stream; it must end with this status. */
    String run(int status, String... words) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("ctl", "--control-socket=" + socket));
        arguments.addAll(List.of(words));
        try (RingsideChild child = RingsideChild.start(arguments.toArray(String[]::new))) {
            assertEquals(status, child.awaitExit(), child.lines().toString());
            return child.output() + String.join("", child.lines());
        }
    }
}
