package dev.ringside.bench.compare;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.ProcessUsage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A back-end process, and this process's connection to it. It stands still except in {@link
 * #awake}: both contestants share a processor. One thread.
 */
final class BackEnd implements AutoCloseable {
    private static final long START_LIMIT_MS = 60_000;
    private static final int MEMORY_BYTES = 64 << 20;
    private static final int QUEUE_SIZE = 512;

    /**
     * Where back-ends run.
     *
     * @param folder their sockets, logs and images
     * @param cpu their processor
     * @param hugePages front-ends share huge pages with them, which the system must have
     */
    record Place(Path folder, int cpu, boolean hugePages) {}

    /** What a back-end does while it is awake. */
    interface Work<T> {
        T run() throws IOException;
    }

    private final DiskProgram program;
    private final Process process;
    private final Path socket;
    private final Path image;
    private final long listeningNs;
    private final BlkDriver driver;

    private BackEnd(
            final DiskProgram program,
            final Process process,
            final Path socket,
            final Path image,
            final long listeningNs,
            final BlkDriver driver) {
        this.program = program;
        this.process = process;
        this.socket = socket;
        this.image = image;
        this.listeningNs = listeningNs;
        this.driver = driver;
    }

    /** Starts it on one processor and drives it up to running rings. */
    static BackEnd start(final DiskProgram program, final Storage storage, final Place place)
            throws IOException {
        final String name = program.fileName();
        final Path socket = place.folder().resolve(name + ".sock");
        Files.deleteIfExists(socket);
        final Path image = storage.image(place.folder(), name);
        storage.prepare(image);
        final List<String> command = new ArrayList<>();
        command.addAll(List.of("taskset", "-c", Integer.toString(place.cpu())));
        command.addAll(program.command(storage, image, socket, place.cpu()));
        final File log = place.folder().resolve(name + ".log").toFile();
        final ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log);
        builder.environment().put("RINGSIDE_BUILD", "never");
        final long startNs = System.nanoTime();
        final Process process = builder.start();
        // A run that is broken off leaves neither processes nor images.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> abandon(process, image)));
        try {
            final FrontendConnection connection = connect(process, socket);
            final long listeningNs = System.nanoTime() - startNs;
            final BlkDriver driver = drive(connection, place.hugePages());
            Standstill.begin(process);
            return new BackEnd(program, process, socket, image, listeningNs, driver);
        } catch (IOException e) {
            process.destroyForcibly();
            throw new IOException(program.title() + " does not serve; see " + log, e);
        }
    }

    private static void abandon(final Process process, final Path image) {
        if (process.isAlive()) {
            process.destroy();
            try {
                Standstill.end(process);
            } catch (IOException e) {
                process.destroyForcibly();
            }
        }
        boolean unused = image.toFile().delete();
    }

    private static FrontendConnection connect(final Process process, final Path socket)
            throws IOException {
        final long deadline = System.nanoTime() + START_LIMIT_MS * 1_000_000;
        while (true) {
            try {
                return FrontendConnection.connect(socket, 100);
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw e;
                }
            }
        }
    }

    private static BlkDriver drive(final FrontendConnection connection, final boolean hugePages)
            throws IOException {
        return BlkDriver.start(
                connection,
                hugePages ? FrontendMemory.huge(MEMORY_BYTES) : FrontendMemory.likePc(MEMORY_BYTES),
                BlkOptions.defaults().queueSize(QUEUE_SIZE));
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

    /** What came of a load, and what this spent on it. */
    record Run(LoadResult result, long cpuNs) {}

    /**
     * Puts it under a load while it is awake.
     *
     * @throws IOException also when a request failed
     */
    Run drive(final LoadOptions load, final int frontendCpu) throws IOException {
        final var mark = driver.memory().mark();
        final long cpuBefore = cpuNs();
        final LoadResult result = new BlkLoad(driver, load).start(frontendCpu).join();
        final long cpuNs = cpuNs() - cpuBefore;
        driver.memory().release(mark);
        if (!result.clean()) {
            throw new IOException(title() + ": " + result.summary());
        }
        return new Run(result, cpuNs);
    }

    String title() {
        return program.title();
    }

    BlkDriver driver() {
        return driver;
    }

    /** From starting the process to the first connection that it accepted. */
    long listeningNs() {
        return listeningNs;
    }

    long pid() {
        return process.pid();
    }

    long cpuNs() throws IOException {
        return ProcessUsage.cpuNs(pid());
    }

    /** Resident memory of its own: without the guest's, which the front-end gave. */
    long residentBytes() throws IOException {
        return ProcessUsage.ownResidentBytes(pid());
    }

    @Override
    public void close() throws IOException {
        Standstill.end(process);
        driver.close();
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(socket);
        Files.deleteIfExists(image);
    }
}
