package dev.ringside.bench.compare;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.ProcessUsage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** A back-end process, and this process's connection to it. One thread. */
final class BackEnd implements AutoCloseable {
    private static final long START_LIMIT_MS = 60_000;
    private static final int MEMORY_BYTES = 64 << 20;
    private static final int QUEUE_SIZE = 512;

    /** Who can be measured. */
    enum Kind {
        RINGSIDE("Ringside"),
        QEMU("qemu-storage-daemon");

        private final String title;

        Kind(final String title) {
            this.title = title;
        }

        String title() {
            return title;
        }
    }

    private final Kind kind;
    private final Process process;
    private final Path socket;
    private final Path image;
    private final long listeningNs;
    private final BlkDriver driver;

    private BackEnd(
            final Kind kind,
            final Process process,
            final Path socket,
            final Path image,
            final long startNs)
            throws IOException {
        this.kind = kind;
        this.process = process;
        this.socket = socket;
        this.image = image;
        try {
            final FrontendConnection connection = connect(process, socket);
            this.listeningNs = System.nanoTime() - startNs;
            this.driver =
                    BlkDriver.start(
                            connection,
                            FrontendMemory.likePc(MEMORY_BYTES),
                            BlkOptions.defaults().queueSize(QUEUE_SIZE));
        } catch (IOException e) {
            process.destroyForcibly();
            throw new IOException(
                    kind.title() + " does not serve; see the .log beside " + socket, e);
        }
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

    /** Starts it on one processor and drives it up to running rings. */
    static BackEnd start(
            final Kind kind,
            final Storage storage,
            final Path root,
            final Path folder,
            final int cpu)
            throws IOException {
        return start(kind, storage, root, folder, cpu, List.of());
    }

    /** The same with more options of Ringside. */
    static BackEnd startRingside(
            final Storage storage,
            final Path root,
            final Path folder,
            final int cpu,
            final List<String> more)
            throws IOException {
        return start(Kind.RINGSIDE, storage, root, folder, cpu, more);
    }

    private static BackEnd start(
            final Kind kind,
            final Storage storage,
            final Path root,
            final Path folder,
            final int cpu,
            final List<String> more)
            throws IOException {
        final String name = kind.name().toLowerCase(Locale.ROOT);
        final Path socket = folder.resolve(name + ".sock");
        Files.deleteIfExists(socket);
        final Path image = storage.image(folder, name);
        storage.prepare(image);
        final List<String> command = new ArrayList<>();
        command.addAll(List.of("taskset", "-c", Integer.toString(cpu)));
        command.addAll(
                switch (kind) {
                    case RINGSIDE ->
                            List.of(
                                    root.resolve("bin/ringside").toString(),
                                    "blk",
                                    "--socket-path=" + socket,
                                    "--backend=" + storage.ringsideBackend(image),
                                    "--num-queues=1");
                    case QEMU -> qemu(storage.qemuBlockdev(image), socket);
                });
        command.addAll(more);
        final File log = folder.resolve(name + ".log").toFile();
        final ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log);
        builder.environment().put("RINGSIDE_BUILD", "never");
        final long startNs = System.nanoTime();
        final Process process = builder.start();
        // A run that is broken off leaves neither processes nor images.
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    process.destroy();
                                    boolean unused = image.toFile().delete();
                                }));
        return new BackEnd(kind, process, socket, image, startNs);
    }

    private static List<String> qemu(final String blockdev, final Path socket) {
        return List.of(
                "qemu-storage-daemon",
                "--object",
                "iothread,id=io0",
                "--blockdev",
                blockdev,
                "--export",
                "type=vhost-user-blk,id=e,node-name=n,addr.type=unix,addr.path="
                        + socket
                        + ",writable=on,num-queues=1,iothread=io0");
    }

    Kind kind() {
        return kind;
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
        return ProcessUsage.residentBytes(pid()) - ProcessUsage.residentSharedBytes(pid());
    }

    @Override
    public void close() throws IOException {
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
