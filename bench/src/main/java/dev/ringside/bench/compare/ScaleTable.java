package dev.ringside.bench.compare;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.ProcessUsage;
import dev.ringside.shm.CpuAffinity;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** What one process of Ringside with many disks costs and does, as more and more are attached. */
final class ScaleTable {
    /** What {@code --help} says. */
    static final String USAGE =
            """
            usage: bench/compare scale [--devices=N] [--seconds=S]

            Serves N null disks (default 100) by one process with one shard, attaches one front-end
            after the other, and prints how long that takes, what idle devices cost in memory and
            processor time, how fast one wakes up, and what all of them get done together.\
            """;

    private static final int[] STEPS = {1, 10, 25, 50, 100, 200, 500, 1000};
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long START_LIMIT_MS = 20_000;
    private static final double KIB = 1 << 10;
    private static final double MIB = 1 << 20;

    private final Path root;
    private final Path folder;
    private final int devices;
    private final long durationNs;
    private final Pace pace;
    private final PrintStream out;
    private final List<LoadedDisk> disks = new ArrayList<>();

    ScaleTable(final Path root, final Arguments arguments, final PrintStream out) {
        arguments.allow(Set.of("--devices", "--seconds"));
        this.root = root;
        this.out = out;
        folder = root.resolve("bench/target/compare");
        devices = Integer.parseInt(arguments.last("--devices", "100"));
        durationNs = Long.parseLong(arguments.last("--seconds", "5")) * SECOND_NS;
        pace = Pace.parse(new Arguments(List.of()));
    }

    void run() throws IOException {
        Files.createDirectories(folder);
        final Path config = folder.resolve("scale.toml");
        Files.writeString(config, config());
        final File log = folder.resolve("scale.log").toFile();
        final ProcessBuilder builder =
                new ProcessBuilder(
                        "taskset",
                        "-c",
                        Integer.toString(pace.backendCpu()),
                        root.resolve("bin/ringside").toString(),
                        "serve",
                        config.toString());
        builder.environment().put("RINGSIDE_BUILD", "never");
        final Process process = builder.redirectErrorStream(true).redirectOutput(log).start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        try {
            CpuAffinity.pinCurrentThread(pace.frontendCpu());
            // Of the last disk: all others are there then.
            FrontendConnection.connect(socket(devices - 1), START_LIMIT_MS).close();
            measure(process.pid());
        } finally {
            disks.forEach(LoadedDisk::close);
            end(process);
        }
    }

    private static void end(final Process process) {
        process.destroy();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }

    private String config() {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < devices; i++) {
            text.append("[disk.d%d]%n".formatted(i));
            text.append("socket-path = \"%s\"%n".formatted(socket(i)));
            text.append("backend = \"null:size=1G\"%nnum-queues = 1%n".formatted());
        }
        return text.toString();
    }

    private Path socket(final int i) {
        return folder.resolve("scale" + i + ".sock");
    }

    private void measure(final long pid) throws IOException {
        out.println(
                "| devices | attach ms, median | KiB for each | idle CPU % | wake-up us, p50 | p99"
                        + " | k/s of all |");
        out.println("|---|---|---|---|---|---|---|");
        final double before = ProcessUsage.ownResidentBytes(pid);
        for (final int step : STEPS) {
            if (step <= devices) {
                row(pid, step, before);
            }
        }
        out.printf(
                Locale.ROOT, "%nBefore the first: %.0f MiB resident, of its own.%n", before / MIB);
    }

    private void row(final long pid, final int count, final double before) throws IOException {
        final double attachMs = attachUpTo(count);
        final double each = (ProcessUsage.ownResidentBytes(pid) - before) / count;
        final double idle = IdleCpu.percent(pid, 2 * durationNs);
        final LoadedDisk.Wake wake = disks.getFirst().wakeUp();
        final double rate = LoadedDisk.together(disks, durationNs);
        out.printf(
                Locale.ROOT,
                "| %d | %.1f | %.0f | %.2f | %.1f | %.1f | %.0f |%n",
                count,
                attachMs,
                each / KIB,
                idle,
                wake.p50Ns() / 1e3,
                wake.p99Ns() / 1e3,
                rate / 1e3);
    }

    private double attachUpTo(final int count) throws IOException {
        final List<Double> times = new ArrayList<>();
        while (disks.size() < count) {
            final long start = System.nanoTime();
            disks.add(LoadedDisk.attach(socket(disks.size())));
            times.add((System.nanoTime() - start) / 1e6);
        }
        return Duel.median(times.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
