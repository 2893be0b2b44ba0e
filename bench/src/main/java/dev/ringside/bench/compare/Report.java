package dev.ringside.bench.compare;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Markdown tables, one line at a time, so that a run that is broken off has shown something. */
final class Report {
    private final PrintStream out;

    Report(final PrintStream out) {
        this.out = out;
    }

    void heading() {
        line(
                "| storage | 4 KiB random | depth | Ringside k/s | qemu-storage-daemon k/s"
                        + " | ratio (least to most) | CPU us/request: Ringside | qemu | ratio"
                        + " | p50 us: Ringside | qemu | round trip ns |");
        line("|---|---|---|---|---|---|---|---|---|---|---|---|");
    }

    void cell(final Duel.Cell cell) {
        if (cell.pairs().isEmpty()) {
            line(
                    "| %s | %s | %d | the processors' distance changed in each of %d pairs |",
                    cell.storage().title(),
                    cell.write() ? "write" : "read",
                    cell.depth(),
                    cell.dropped());
            return;
        }
        final double mine = cell.median(pair -> pair.ringside().cpuNsPerRequest());
        final double other = cell.median(pair -> pair.peer().cpuNsPerRequest());
        line(
                "| %s | %s | %d | %.1f | %.1f | **%.2f** (%.2f to %.2f)%s | %.2f | %.2f"
                        + " | %.2f | %.1f | %.1f | %.0f |",
                cell.storage().title(),
                cell.write() ? "write" : "read",
                cell.depth(),
                cell.median(pair -> pair.ringside().requestsPerSecond()) / 1e3,
                cell.median(pair -> pair.peer().requestsPerSecond()) / 1e3,
                cell.median(Duel.Pair::ratio),
                cell.least(),
                cell.most(),
                cell.dropped() == 0 ? "" : " " + cell.dropped() + " pairs dropped",
                mine / 1e3,
                other / 1e3,
                mine / other,
                cell.median(pair -> pair.ringside().p50Ns()) / 1e3,
                cell.median(pair -> pair.peer().p50Ns()) / 1e3,
                cell.median(Duel.Pair::roundTripNs));
    }

    /** What is not throughput, for one storage. */
    record Idle(
            Storage storage,
            double ringsideIdlePercent,
            double peerIdlePercent,
            double ringsideMib,
            double peerMib,
            long garbageBytes,
            long requests) {}

    void idle(final List<Idle> rows) {
        line("");
        line(
                "| storage | idle CPU %%: Ringside | qemu | resident MiB: Ringside | qemu"
                        + " | Ringside's shards allocated | over requests | per request |");
        line("|---|---|---|---|---|---|---|---|");
        for (final Idle row : rows) {
            line(
                    "| %s | %.2f | %.2f | %.0f | %.0f | %d B | %d | %.4f B |",
                    row.storage().title(),
                    row.ringsideIdlePercent(),
                    row.peerIdlePercent(),
                    row.ringsideMib(),
                    row.peerMib(),
                    row.garbageBytes(),
                    row.requests(),
                    (double) row.garbageBytes() / row.requests());
        }
    }

    void starts(final double[] ringsideMs, final double[] peerMs) {
        line("");
        line("| time to a listening socket | Ringside | qemu-storage-daemon |");
        line("|---|---|---|");
        line(
                "| median of %d, ms | %.0f | %.0f |",
                ringsideMs.length, Duel.median(ringsideMs), Duel.median(peerMs));
    }

    private void line(final String format, final Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }
}
