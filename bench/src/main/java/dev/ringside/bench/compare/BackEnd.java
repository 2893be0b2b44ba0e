package dev.ringside.bench.compare;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A back-end process, and this process's connection to it. It stands still except in {@link
 * #awake}: both contestants share a processor. One thread.
 */
final class BackEnd implements AutoCloseable {
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

    private final DiskProgram program;
    private final PinnedProcess process;
    private final Path socket;
    private final Path image;
    private final long listeningNs;
    private final BlkDriver driver;

    private BackEnd(
            final DiskProgram program,
            final PinnedProcess process,
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
        // Hooks run side by side: a run that is broken off leaves no images.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> image.toFile().delete()));
        storage.prepare(image);
        final List<String> command = program.command(storage, image, socket, place.cpu());
        final Path log = place.folder().resolve(name + ".log");
        final long startNs = System.nanoTime();
        final PinnedProcess process = PinnedProcess.start(command, place.cpu(), log);
        try {
            final FrontendConnection connection = process.connect(socket);
            final long listeningNs = System.nanoTime() - startNs;
            final BlkDriver driver = drive(connection, program.queues(), place.hugePages());
            process.rest();
            return new BackEnd(program, process, socket, image, listeningNs, driver);
        } catch (IOException e) {
            process.kill();
            throw new IOException(program.title() + " does not serve; see " + log, e);
        }
    }

    private static BlkDriver drive(
            final FrontendConnection connection, final int queues, final boolean hugePages)
            throws IOException {
        return BlkDriver.start(
                connection,
                hugePages ? FrontendMemory.huge(MEMORY_BYTES) : FrontendMemory.likePc(MEMORY_BYTES),
                BlkOptions.defaults().queues(queues).queueSize(QUEUE_SIZE));
    }

    /** Lets it run until the work is done. */
    <T> T awake(final PinnedProcess.Work<T> work) throws IOException {
        return process.awake(work);
    }

    /** What came of a load, and what this spent on it. */
    record Run(LoadResult result, long cpuNs) {
        /** As a turn of a duel. */
        Duel.Turn turn() {
            return new Duel.Turn(
                    result.requestsPerSecond(),
                    (double) cpuNs / result.requests(),
                    result.latency().percentileNs(0.5));
        }
    }

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

    /** Processor time that its process has spent so far. */
    long cpuNs() throws IOException {
        return process.cpuNs();
    }

    /** Resident memory of its own: without the guest's, which the front-end gave. */
    long residentBytes() throws IOException {
        return process.residentBytes();
    }

    /** What its process writes. */
    Path log() {
        return process.log();
    }

    /** The file that it serves, where the storage has one. */
    Path image() {
        return image;
    }

    @Override
    public void close() throws IOException {
        process.resume();
        driver.close();
        process.close();
        Files.deleteIfExists(socket);
        Files.deleteIfExists(image);
    }
}
