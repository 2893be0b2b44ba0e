package dev.ringside.server.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** Runs the host's programs. */
final class Shell {
    private static final int LIMIT_S = 30;

    private Shell() {}

    /**
     * Runs one to its end.
     *
     * @throws IOException when it cannot be started, fails or does not end; with what it printed
     */
    static void run(final String... command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try {
            final String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
                throw new IOException(String.join(" ", command) + " does not end");
            }
            if (process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + output.strip());
            }
        } finally {
            Processes.kill(process);
        }
    }
}
