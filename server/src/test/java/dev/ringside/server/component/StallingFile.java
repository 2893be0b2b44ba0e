package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Fd;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * An open file of a file system that does not answer: a FUSE file system in a process of its own.
 * Closing it lets everybody go who waits for an answer.
 */
final class StallingFile implements AutoCloseable {
    private final Path path;
    private final Process served;
    private final BufferedReader told;
    private final FileInputStream open;
    private final Fd fd;

    private StallingFile(final Path path) throws IOException {
        this.path = path;
        served =
                new ProcessBuilder(
                                ProcessHandle.current().info().command().orElseThrow(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                "target/test-classes",
                                StallingFiles.class.getName(),
                                path.toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        told = served.inputReader(StandardCharsets.UTF_8);
        assertEquals("mounted", told.readLine());
        open = new FileInputStream(path.toFile());
        fd = Fd.adopt(StallingFiles.number(path.toString()));
        turn("stalls");
    }

    static StallingFile mount(final Path folder) throws IOException {
        return new StallingFile(Files.createTempFile(folder, "stalling", ""));
    }

    private void turn(final String into) throws IOException {
        served.outputWriter(StandardCharsets.UTF_8).append('\n').flush();
        while (!into.equals(Objects.requireNonNull(told.readLine()))) {
            // Of operations that waited.
            assertTrue(served.isAlive());
        }
    }

    /** To be sent to whom shall wait; never to be closed. */
    Fd fd() {
        return fd;
    }

    /** Returns as soon as somebody waits for an answer. */
    void awaitStall() throws IOException {
        Objects.requireNonNull(told.readLine(), "the file system has ended");
    }

    @Override
    public void close() throws IOException {
        turn("answers");
        open.close();
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
