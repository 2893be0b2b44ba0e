package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.demo.Qemu.Answer;
import java.io.IOException;

/**
 * Somewhere that scripts run: a guest, or a network namespace of the host. A script is any number
 * of lines for {@code sh -eu}; {@code $d} is a folder for its files that the next one finds again.
 * What it leaves in the background goes on. One thread at a time.
 */
interface Shell {
    /** Runs a script and gives back its exit status and what it printed. */
    Answer attempt(String script) throws IOException, InterruptedException;

    /** Runs a script, which must succeed, and gives back what it printed. */
    default String run(final String script) throws IOException, InterruptedException {
        final Answer answer = attempt(script);
        assertEquals(0, answer.status(), () -> this + ": " + script + "\n" + answer.output());
        return answer.output();
    }
}
