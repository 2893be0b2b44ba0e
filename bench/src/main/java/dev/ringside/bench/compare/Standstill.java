package dev.ringside.bench.compare;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Stops processes, so that one that polls takes no time from the other on its processor. Those that
 * have ended stand still anyhow.
 */
final class Standstill {
    private static final int LIMIT_SECONDS = 10;

    private Standstill() {}

    static void begin(final Process process) throws IOException {
        signal(process, "STOP");
    }

    /** Also takes signals to it that waited. */
    static void end(final Process process) throws IOException {
        signal(process, "CONT");
    }

    private static void signal(final Process process, final String name) throws IOException {
        if (!process.isAlive()) {
            return;
        }
        // The shell has a kill of its own everywhere.
        final Process kill =
                new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid())
                        .inheritIO()
                        .start();
        try {
            if (!kill.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                throw new IOException("cannot send " + name + " to process " + process.pid());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
