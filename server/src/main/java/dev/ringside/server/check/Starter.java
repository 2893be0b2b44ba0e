package dev.ringside.server.check;

import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The command that starts a back-end, for those that a check ends: run by a shell whenever nobody
 * listens, and ended with the checks.
 *
 * <p>One thread.
 */
final class Starter implements AutoCloseable {
    private static final long WITHIN_MS = 20_000;
    private static final long RETRY_MS = 20;
    private static final long END_S = 5;

    private final Path socket;
    private final @Nullable String command;
    private @Nullable Process process;

    Starter(CheckOptions options) {
        this.socket = options.socket();
        this.command = options.startCommand();
    }

    /**
     * Starts the back-end unless somebody listens.
     *
     * @return whether somebody listens now
     * @throws IOException when the command cannot be run, or ends before somebody listens
     */
    boolean ensure() throws IOException {
        String line = command;
        if (line == null || listens()) {
            return listens();
        }
        stop();
        Process started =
                new ProcessBuilder("/bin/sh", "-c", line)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        process = started;
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WITHIN_MS);
        while (!listens()) {
            if (!started.isAlive()) {
                throw new IOException("'" + line + "' ended with status " + started.exitValue());
            }
            if (System.nanoTime() > end) {
                return false;
            }
            pause();
        }
        return true;
    }

    private boolean listens() {
        try (UnixSocket probe = UnixSocket.connect(socket)) {
            return probe.fd().number() >= 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(RETRY_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private void stop() throws IOException {
        Process running = process;
        if (running == null) {
            return;
        }
        // The shell need not have handed its own place to the back-end.
        running.descendants().forEach(ProcessHandle::destroy);
        running.destroy();
        try {
            if (!running.waitFor(END_S, TimeUnit.SECONDS)) {
                running.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Ends the back-end that this started, if it did. */
    @Override
    public void close() throws IOException {
        stop();
    }
}
