package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.options.ExitCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A Ringside process of its own, with this JVM's module path. */
final class RingsideChild implements AutoCloseable {
    private static final long LIMIT_S = 60;

    /** Longer than any start or retry takes on a busy machine, shorter than the tests' limits. */
    private static final long LINE_LIMIT_S = 90;

    private final Process process;
    private final BufferedReader messages;
    private final List<String> lines = new ArrayList<>();

    private RingsideChild(Process process) {
        this.process = process;
        this.messages = new BufferedReader(new InputStreamReader(process.getErrorStream(), UTF_8));
    }

    /** Starts {@code ringside ARGUMENTS}. */
    static RingsideChild start(String... arguments) throws IOException {
        return start(List.of(), Map.of(), arguments);
    }

    /** Starts it through another program, which must replace itself by what follows. */
    static RingsideChild start(
            List<String> through, Map<String, String> environment, String... arguments)
            throws IOException {
        String modules = System.getProperty("jdk.module.path");
        return start(through, environment, modules, List.of(arguments));
    }

    /** Starts the built program, which another user can read: this JVM's modules may not be. */
    static RingsideChild startBuilt(List<String> through, Path modules, String... arguments)
            throws IOException {
        return start(through, Map.of(), modules.toString(), List.of(arguments));
    }

    /** Starts what an operator starts: a launcher. */
    static RingsideChild startProgram(
            Path program, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        return new RingsideChild(builder.start());
    }

    private static RingsideChild start(
            List<String> through,
            Map<String, String> environment,
            String modules,
            List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>(through);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=dev.ringside.shm");
        command.add("--illegal-native-access=deny");
        command.add("--sun-misc-unsafe-memory-access=deny");
        command.addAll(List.of("-p", modules));
        command.addAll(List.of("-m", "dev.ringside.server/dev.ringside.server.cli.Main"));
        command.addAll(arguments);
        var builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        return new RingsideChild(builder.start());
    }

    /** Perl is part of every Debian: it makes sockets that survive exec, which Java cannot. */
    static List<String> perl(String script) {
        return List.of("perl", "-MSocket", "-e", "$^F = 255; " + script + " exec @ARGV", "--");
    }

    /** It must end with one line on stderr that has all these words. */
    void assertRefusesToStart(String... words) throws IOException, InterruptedException {
        assertEquals(ExitCode.CONFIG, awaitExit(), lines.toString());
        assertEquals(1, lines.size(), lines.toString());
        String message = lines.getFirst();
        assertTrue(message.startsWith("ringside: error: "), message);
        for (String word : words) {
            assertTrue(message.contains(word), "no '" + word + "' in: " + message);
        }
        assertEquals("", output());
    }

    /** Reads the metrics that the ready line tells of. */
    static String metrics(String readyLine) throws IOException {
        URI page = URI.create(readyLine.substring(readyLine.indexOf("http://")));
        return new String(page.toURL().openStream().readAllBytes(), UTF_8);
    }

    /**
     * Waits for a line of stderr that starts so; fails when the process ends before, or is late.
     */
    String await(String start) throws IOException {
        // A read of a pipe cannot be interrupted: JUnit's limit would leave it waiting for ever.
        CompletableFuture<Process> end = process.onExit().orTimeout(LINE_LIMIT_S, TimeUnit.SECONDS);
        var unused = end.exceptionally(late -> process.destroyForcibly());
        try {
            for (String line = messages.readLine(); line != null; line = messages.readLine()) {
                lines.add(line);
                if (line.startsWith(start)) {
                    return line;
                }
            }
        } finally {
            boolean unusedToo = end.complete(process);
        }
        throw new IOException("ended, or was late, without '" + start + "': " + lines);
    }

    String awaitReady() throws IOException {
        return await("ringside: ready: ");
    }

    long pid() {
        return process.pid();
    }

    /** Sends a signal by name: TERM, INT. */
    void signal(String name) throws IOException, InterruptedException {
        var kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()));
        kill.inheritIO().start().waitFor();
    }

    /** Waits for the end and returns the exit status. */
    int awaitExit() throws IOException, InterruptedException {
        messages.lines().forEach(lines::add);
        if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
            throw new IOException("does not end: " + lines);
        }
        return process.exitValue();
    }

    /** What it wrote to stderr so far. */
    List<String> lines() {
        return lines;
    }

    /** What it wrote to stdout. Only after its end. */
    String output() throws IOException {
        return new String(process.getInputStream().readAllBytes(), UTF_8);
    }

    /** Kills it if it still runs; afterwards nothing of it holds a file any more. */
    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
