package dev.ringside.bench.compare;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A disk with two queues, by two shards that share a processor and by one. */
final class ShardTable {
    private static final int QUEUES = 2;

    private final ShardOptions options;
    private final Report report;

    ShardTable(final ShardOptions options, final PrintStream out) {
        this.options = options;
        report = new Report(out, "one shard", "one shard");
    }

    void run() throws IOException {
        try (BackEnd two = start(2);
                BackEnd one = start(1)) {
            report.note(
                    "Ringside: two shards, which share processor "
                            + options.pace().backendCpu()
                            + " because one thread on processor "
                            + options.pace().frontendCpu()
                            + " drives both queues: what sharing costs, not what a second"
                            + " processor gains.");
            report.heading();
            final DiskCells cells = new DiskCells(report, options.pace(), options.depths());
            cells.print(Storage.NULL, cells.side(two), cells.side(one));
        }
    }

    private BackEnd start(final int shards) throws IOException {
        final Path folder = options.folder().resolve("shards-" + shards);
        Files.createDirectories(folder);
        return BackEnd.start(
                new RingsideDisk(options.root(), QUEUES, List.of("--shards=" + shards)),
                Storage.NULL,
                new BackEnd.Place(folder, options.pace().backendCpu(), false));
    }
}
