package dev.ringside.bench.compare;

import dev.ringside.frontend.FrontendConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * {@code ringside net} of a repository that was built, one process for each port; those without a
 * front-end sleep.
 */
final class RingsideNet implements NetBackEnd {
    private static final long START_LIMIT_MS = 60_000;

    private final String title;
    private final Path root;
    private final Path folder;
    private final int cpu;
    private final Map<String, Process> processes = new HashMap<>();

    RingsideNet(final String title, final Path root, final Path folder, final int cpu) {
        this.title = title;
        this.root = root;
        this.folder = folder;
        this.cpu = cpu;
    }

    @Override
    public String title() {
        return title;
    }

    private Path socket(final String port) {
        return folder.resolve(title + "-" + port.replaceAll("\\W+", "-") + ".sock");
    }

    @Override
    public Path ready(final NetCase traffic) throws IOException {
        final String port = traffic.ringsidePort();
        final Path socket = socket(port);
        if (!processes.containsKey(port)) {
            start(port, socket);
        }
        return socket;
    }

    private void start(final String port, final Path socket) throws IOException {
        Files.deleteIfExists(socket);
        final Path log = Path.of(socket + ".log");
        final ProcessBuilder builder =
                new ProcessBuilder(
                                List.of(
                                        "taskset",
                                        "-c",
                                        Integer.toString(cpu),
                                        root.resolve(RingsideDisk.LAUNCHER).toString(),
                                        "net",
                                        "--socket-path=" + socket,
                                        "--port=" + port,
                                        "--queue-pairs=1"))
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile());
        builder.environment().put("RINGSIDE_BUILD", "never");
        final Process process = builder.start();
        processes.put(port, process);
        // A run that is broken off leaves no processes.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        awaitListening(process, socket, log);
    }

    private static void awaitListening(final Process process, final Path socket, final Path log)
            throws IOException {
        final long deadline = System.nanoTime() + START_LIMIT_MS * 1_000_000;
        while (true) {
            try {
                FrontendConnection.connect(socket, 100).close();
                return;
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw new IOException("Ringside does not serve; see " + log, e);
                }
            }
        }
    }

    @Override
    public void rest(final NetCase traffic) {
        // Without a front-end it sleeps by itself.
    }

    @Override
    public long pid(final NetCase traffic) throws IOException {
        final Process process = processes.get(traffic.ringsidePort());
        if (process == null) {
            throw new IOException(traffic + " was never served");
        }
        return process.pid();
    }

    @Override
    public void close() throws IOException {
        processes.values().forEach(Process::destroy);
        for (final Map.Entry<String, Process> each : processes.entrySet()) {
            try {
                if (!each.getValue().waitFor(10, TimeUnit.SECONDS)) {
                    each.getValue().destroyForcibly();
                }
            } catch (InterruptedException e) {
                each.getValue().destroyForcibly();
                Thread.currentThread().interrupt();
            }
            Files.deleteIfExists(socket(each.getKey()));
        }
    }
}
