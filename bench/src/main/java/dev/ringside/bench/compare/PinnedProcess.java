package dev.ringside.bench.compare;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.ProcessUsage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program on one processor. Contestants share that processor, so between {@link #rest} and the
 * end it stands still except in {@link #awake}. One thread.
 */
final class PinnedProcess implements AutoCloseable {
    private static final long START_LIMIT_NS = 60_000_000_000L;
    private static final int CONNECT_MS = 100;
    private static final int END_SECONDS = 10;

    private final Process process;
    private final Path log;

    private PinnedProcess(final Process process, final Path log) {
        this.process = process;
        this.log = log;
    }

    /** What it does while it is awake. */
    interface Work<T> {
        T run() throws IOException;
    }

    /** Starts it; what it writes goes to a log. */
    static PinnedProcess start(final List<String> command, final int cpu, final Path log)
            throws IOException {
        final List<String> pinned = new ArrayList<>();
        pinned.addAll(List.of("taskset", "-c", Integer.toString(cpu)));
        pinned.addAll(command);
        final ProcessBuilder builder =
                new ProcessBuilder(pinned).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("RINGSIDE_BUILD", "never");
        final Process process = builder.start();
        // A run that is broken off leaves no processes.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> abandon(process)));
        return new PinnedProcess(process, log);
    }

    private static void abandon(final Process process) {
        if (process.isAlive()) {
            process.destroy();
            try {
                Standstill.end(process);
            } catch (IOException e) {
                process.destroyForcibly();
            }
        }
    }

    /**
     * Connects to a socket as soon as it listens there.
     *
     * @throws IOException when it ends, or does not listen for a minute
     */
    FrontendConnection connect(final Path socket) throws IOException {
        final long deadline = System.nanoTime() + START_LIMIT_NS;
        while (true) {
            try {
                return FrontendConnection.connect(socket, CONNECT_MS);
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw e;
                }
            }
        }
    }

    /** From now on it stands still. */
    void rest() throws IOException {
        Standstill.begin(process);
    }

    /** Lets it run until the work is done. */
    <T> T awake(final Work<T> work) throws IOException {
        Standstill.end(process);
        try {
            return work.run();
        } finally {
            Standstill.begin(process);
        }
    }

    long pid() {
        return process.pid();
    }

    /** Processor time that it has spent so far. */
    long cpuNs() throws IOException {
        return ProcessUsage.cpuNs(pid());
    }

    /** Resident memory of its own: without the guest's, which the front-end gave. */
    long residentBytes() throws IOException {
        return ProcessUsage.ownResidentBytes(pid());
    }

    Path log() {
        return log;
    }

    /** Stands still no longer. */
    void resume() throws IOException {
        Standstill.end(process);
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it at once. */
    void kill() {
        process.destroyForcibly();
    }
}
