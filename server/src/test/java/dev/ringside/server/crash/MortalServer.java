package dev.ringside.server.crash;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A {@code ringside blk} in a process of its own that starts quickly and may be killed. It is ready
 * when its socket takes a connection. What it says goes to a file.
 */
final class MortalServer implements AutoCloseable {
    private final Process process;
    private final Path messages;

    private MortalServer(final Process process, final Path messages) {
        this.process = process;
        this.messages = messages;
    }

    /**
     * Starts one.
     *
     * @param crashPoint the how manieth crash point it dies at by itself; 0: none
     * @param messages the file that its messages are appended to
     */
    static MortalServer start(
            final Path socket,
            final Path image,
            final int queues,
            final long crashPoint,
            final Path messages)
            throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m"));
        command.add("--enable-native-access=dev.ringside.shm");
        command.add("--illegal-native-access=deny");
        command.add("--sun-misc-unsafe-memory-access=deny");
        if (crashPoint > 0) {
            command.add("-Dringside.crashpoints=" + crashPoint);
        }
        command.addAll(List.of("-p", System.getProperty("jdk.module.path")));
        command.addAll(List.of("-m", "dev.ringside.server/dev.ringside.server.cli.Main"));
        command.add("blk");
        command.add("--socket-path=" + socket);
        command.add("--blk-file=" + image);
        command.add("--num-queues=" + queues);
        command.add("--shards=" + Math.min(2, queues));
        final ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectOutput(Redirect.appendTo(messages.toFile()));
        builder.redirectError(Redirect.appendTo(messages.toFile()));
        return new MortalServer(builder.start(), messages);
    }

    /** kill -9, unless it is dead already, and waits until the process is gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /** Whether it is dead, or dies before so long. */
    boolean endsWithin(final long ns) throws InterruptedException {
        return process.waitFor(ns, TimeUnit.NANOSECONDS);
    }

    /** Has it add what its threads do to the messages, if it lives. */
    void tellThreads() throws IOException, InterruptedException {
        if (process.isAlive()) {
            new ProcessBuilder("kill", "-QUIT", Long.toString(process.pid())).start().waitFor();
            endsWithin(TimeUnit.SECONDS.toNanos(1));
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What all servers with these messages said. */
    String messages() throws IOException {
        return Files.readString(messages);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
