package dev.ringside.bench.compare;

import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** How exactly Ringside keeps the limits of a disk without storage, and what that costs. */
final class LimitTable {
    /** What {@code --help} says. */
    static final String USAGE =
            """
            usage: bench/compare limits [--seconds=S]

            Limits a null disk of Ringside, drives it with more than that, and prints what came
            through in S seconds (default 10), after one second in which the burst is spent.\
            """;

    private static final int DEPTH = 64;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final List<Row> ROWS =
            List.of(
                    new Row("iops", 100, 4096),
                    new Row("iops", 1_000, 4096),
                    new Row("iops", 10_000, 4096),
                    new Row("iops", 100_000, 4096),
                    new Row("iops-write", 300_000, 4096),
                    new Row("iops", 1_000_000, 512),
                    new Row("bps", 1 << 20, 4096),
                    new Row("bps-write", 100 << 20, 4096),
                    new Row("bps", 1 << 30, 65_536));

    private final Path root;
    private final Path folder;
    private final long durationNs;
    private final Pace pace;
    private final PrintStream out;

    /** One limit. */
    private record Row(String limit, long rate, int requestBytes) {
        boolean write() {
            return limit.endsWith("-write");
        }

        double of(final LoadResult result) {
            return limit.startsWith("bps") ? result.bytesPerSecond() : result.requestsPerSecond();
        }
    }

    LimitTable(final Path root, final Arguments arguments, final PrintStream out) {
        arguments.allow(Set.of("--seconds"));
        this.root = root;
        this.out = out;
        folder = root.resolve("bench/target/compare");
        durationNs = Long.parseLong(arguments.last("--seconds", "10")) * SECOND_NS;
        pace = Pace.parse(new Arguments(List.of()));
    }

    void run() throws IOException {
        Files.createDirectories(folder);
        out.println("| limit | request | came through | off by | CPU of the process |");
        out.println("|---|---|---|---|---|");
        for (final Row row : ROWS) {
            measure(row);
        }
    }

    private void measure(final Row row) throws IOException {
        try (BackEnd ringside =
                BackEnd.start(
                        new RingsideDisk(root, List.of("--" + row.limit() + "=" + row.rate())),
                        Storage.NULL,
                        new BackEnd.Place(folder, pace.backendCpu(), false))) {
            ringside.awake(
                    () -> {
                        measure(row, ringside);
                        return row;
                    });
        }
    }

    private void measure(final Row row, final BackEnd ringside) throws IOException {
        final LoadOptions load =
                (row.write() ? LoadOptions.randomWrite(DEPTH) : LoadOptions.randomRead(DEPTH))
                        .blockBytes(row.requestBytes());
        ringside.drive(load.durationNs(SECOND_NS), pace.frontendCpu());
        final long cpuBefore = ringside.cpuNs();
        final long startNs = System.nanoTime();
        final LoadResult result =
                ringside.drive(load.durationNs(durationNs), pace.frontendCpu()).result();
        final double cpu = 100.0 * (ringside.cpuNs() - cpuBefore) / (System.nanoTime() - startNs);
        final double rate = row.of(result);
        out.printf(
                Locale.ROOT,
                "| %s=%d | %d B %s | %.0f | %+.2f %% | %.1f %% |%n",
                row.limit(),
                row.rate(),
                row.requestBytes(),
                row.write() ? "write" : "read",
                rate,
                100 * (rate - row.rate()) / row.rate(),
                cpu);
    }
}
