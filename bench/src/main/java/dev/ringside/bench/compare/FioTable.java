package dev.ringside.bench.compare;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.List;

/**
 * The same file through Ringside and by fio alone, in turn: how much of what the medium gives gets
 * to a front-end.
 */
final class FioTable {
    private final FioOptions options;
    private final Report report;

    FioTable(final FioOptions options, final PrintStream out) {
        this.options = options;
        report = new Report(out, "fio", "fio");
    }

    void run() throws IOException {
        Files.createDirectories(options.folder());
        final Pace pace = options.pace();
        try (BackEnd ringside =
                BackEnd.start(
                        new RingsideDisk(options.root(), List.of()),
                        Storage.FILE,
                        new BackEnd.Place(options.folder(), pace.backendCpu(), false))) {
            final Fio fio = new Fio(ringside.image(), pace.backendCpu());
            report.heading();
            final DiskCells cells = new DiskCells(report, pace, options.depths());
            cells.print(Storage.FILE, cells.side(ringside), fio::turn);
        }
    }
}
