package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A FUSE file system of one file, in a process of its own; it needs root. One thread at a time. */
final class FuseProcess implements AutoCloseable {
    private final Path path;
    private final Process served;
    private final BufferedReader told;

    private FuseProcess(final Path path, final Process served) {
        this.path = path;
        this.served = served;
        told = served.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * Mounts one.
     *
     * @param arguments of its program, behind the path
     */
    static FuseProcess mount(
            final Path folder, final Class<? extends FuseFiles> program, final String... arguments)
            throws IOException {
        final Path path = Files.createTempFile(folder, "fuse", "");
        final List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of("-cp", "target/test-classes", program.getName(), path.toString()));
        command.addAll(List.of(arguments));
        final Process served =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        final FuseProcess mounted = new FuseProcess(path, served);
        assertEquals("mounted", mounted.told.readLine());
        return mounted;
    }

    /** The file. */
    Path path() {
        return path;
    }

    /** Has it behave in another way, and returns when it does. */
    void turn(final String into) throws IOException {
        served.outputWriter(StandardCharsets.UTF_8).append('\n').flush();
        while (!into.equals(Objects.requireNonNull(told.readLine()))) {
            // It told something else before.
            assertTrue(served.isAlive());
        }
    }

    /** Returns as soon as it tells something. */
    void awaitTold() throws IOException {
        Objects.requireNonNull(told.readLine(), "the file system has ended");
    }

    @Override
    public void close() throws IOException {
        told.close();
        served.outputWriter(StandardCharsets.UTF_8).close();
        served.destroyForcibly().onExit().join();
        // Without pipes, which would be open until they are collected.
        final Process unmount =
                new ProcessBuilder("umount", "-l", path.toString()).inheritIO().start();
        assertEquals(0, unmount.onExit().join().exitValue(), "umount " + path);
        Files.delete(path);
    }
}
