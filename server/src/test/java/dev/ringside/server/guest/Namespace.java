package dev.ringside.server.guest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.demo.Qemu.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A network namespace of the test's own, and one of mounts where that is asked for, with root's
 * rights over its network: its own, or those of a user namespace when the test does not run as
 * root. It has no name and lives as long as a process in it; that one ends with this JVM, however
 * it ends. TAPs go away with the namespace.
 */
final class Namespace implements Shell, AutoCloseable {
    private static final Path PROC = Path.of("/proc");
    private static final long LIMIT_S = 120;

    private final Process holder;
    private final List<String> kinds;
    private final Path directory;

    private Namespace(final Process holder, final List<String> kinds, final Path directory) {
        this.holder = holder;
        this.kinds = kinds;
        this.directory = directory;
    }

    /**
     * Makes one; its loopback interface is up.
     *
     * @param directory of its scripts' files
     */
    static Namespace create(final Path directory) throws IOException {
        return "root".equals(System.getProperty("user.name"))
                ? create(directory, List.of("--net"), List.of(), "")
                : create(directory, List.of("--net", "--user"), List.of("--map-root-user"), "");
    }

    /**
     * Makes one with mounts of its own; for root only.
     *
     * @param directory of its scripts' files
     * @param mounts the script that makes the mounts; {@code $d} is the folder
     */
    static Namespace createWithMounts(final Path directory, final String mounts)
            throws IOException {
        return create(directory, List.of("--net", "--mount"), List.of(), mounts);
    }

    private static Namespace create(
            final Path directory,
            final List<String> kinds,
            final List<String> more,
            final String script)
            throws IOException {
        Files.createDirectories(directory);
        final List<String> command = new ArrayList<>(List.of("unshare"));
        command.addAll(kinds);
        command.addAll(more);
        // Reads until the JVM's end of the pipe is closed.
        final String last = "\nip link set lo up; echo ready; exec cat";
        command.addAll(List.of("sh", "-euc", "d=" + directory + "\n" + script + last));
        final Process holder = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String word = holder.inputReader(UTF_8).readLine();
        assertEquals("ready", word, () -> command + " makes no namespace");
        return new Namespace(holder, kinds, directory);
    }

    /** What to put before a command so that it runs here; it becomes that command (exec). */
    List<String> launcher() {
        final List<String> command = new ArrayList<>(List.of("nsenter", "--target"));
        command.add(Long.toString(holder.pid()));
        command.addAll(kinds);
        if (kinds.contains("--user")) {
            command.add("--preserve-credentials");
        }
        return command;
    }

    /**
     * Starts a program here that goes on; it ends with this namespace.
     *
     * @param output gets what it prints
     */
    Process start(final Path output, final String... arguments) throws IOException {
        final List<String> command = new ArrayList<>(launcher());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
    }

    @Override
    public Answer attempt(final String script) throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(launcher());
        command.addAll(List.of("sh", "-euc", "d=" + directory + "\n" + script));
        // Not a pipe: what is left in the background would hold it open.
        final Path output = Files.createTempFile(directory, "out", "");
        final Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        process.getOutputStream().close();
        if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(
                    "after " + LIMIT_S + " s: " + script + "\n" + Files.readString(output));
        }
        return new Answer(process.exitValue(), Files.readString(output).strip());
    }

    /**
     * What an interface has counted.
     *
     * @param column of /proc/net/dev: 0 bytes and 1 frames that the host received, 8 bytes and 9
     *     frames that it sent
     */
    long counter(final String device, final int column) throws IOException {
        final String row =
                Files.readAllLines(PROC.resolve(holder.pid() + "/net/dev")).stream()
                        .map(String::strip)
                        .filter(line -> line.startsWith(device + ":"))
                        .findFirst()
                        .orElseThrow(() -> new IOException("there is no " + device));
        final String[] fields = row.substring(device.length() + 1).strip().split("\\s+", -1);
        return Long.parseLong(fields[column]);
    }

    /** Ends every process here, and with them the namespace. */
    @Override
    public void close() {
        try {
            final Path mine = link(holder.pid());
            try (var processes = Files.list(PROC)) {
                processes
                        .map(path -> path.getFileName().toString())
                        .filter(name -> name.matches("\\d+"))
                        .mapToLong(Long::parseLong)
                        .filter(pid -> pid != ProcessHandle.current().pid() && isIn(mine, pid))
                        .forEach(
                                pid ->
                                        ProcessHandle.of(pid)
                                                .ifPresent(ProcessHandle::destroyForcibly));
            }
        } catch (final IOException e) {
            // The holder is gone already, and the namespace with it.
            System.out.println("namespace of " + holder.pid() + ": " + e);
        }
        holder.destroyForcibly();
    }

    private static boolean isIn(final Path namespace, final long pid) {
        try {
            return link(pid).equals(namespace);
        } catch (final IOException e) {
            // It ended meanwhile, or is not ours.
            return false;
        }
    }

    private static Path link(final long pid) throws IOException {
        return Files.readSymbolicLink(PROC.resolve(pid + "/ns/net"));
    }

    @Override
    public String toString() {
        return "the host's namespace";
    }
}
