package dev.ringside.bench.compare;

import dev.ringside.frontend.LoadOptions;
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
            for (final boolean write : new boolean[] {false, true}) {
                for (final int depth : options.depths()) {
                    compare(ringside, fio, write, depth);
                }
            }
        }
    }

    private void compare(
            final BackEnd ringside, final Fio fio, final boolean write, final int depth)
            throws IOException {
        final LoadOptions load =
                (write ? LoadOptions.randomWrite(depth) : LoadOptions.randomRead(depth))
                        .seed(depth);
        final Duel.Cell cell =
                new Duel(options.pace())
                        .fight(
                                durationNs -> turn(ringside, load.durationNs(durationNs)),
                                durationNs -> fio.turn(write, depth, durationNs));
        report.cell(Storage.FILE, write, depth, cell);
    }

    private Duel.Turn turn(final BackEnd ringside, final LoadOptions load) throws IOException {
        return ringside.awake(() -> ringside.drive(load, options.pace().frontendCpu())).turn();
    }
}
