package dev.ringside.bench.compare;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Markdown tables. */
final class Report {
    private final Lines lines;
    private final String peer;
    private final String peerColumn;

    /** The peer's name, and the same where a column has little room. */
    Report(final PrintStream out, final String peer, final String peerColumn) {
        lines = new Lines(out);
        this.peer = peer;
        this.peerColumn = peerColumn;
    }

    void heading() {
        lines.line(
                "| storage | 4 KiB random | depth | Ringside k/s | %s k/s"
                        + " | ratio (least to most) | CPU us/request: Ringside | %s | ratio"
                        + " | p50 us: Ringside | %s | round trip ns |",
                peer, peerColumn, peerColumn);
        lines.line("|---|---|---|---|---|---|---|---|---|---|---|---|");
    }

    void cell(final Storage storage, final boolean write, final int depth, final Duel.Cell cell) {
        final String what = storage.title() + " | " + (write ? "write" : "read") + " | " + depth;
        if (cell.pairs().isEmpty()) {
            unsteady(what, cell);
            return;
        }
        lines.line(
                "| %s | %.1f | %.1f | %s | %.2f | %.2f | %.2f | %.1f | %.1f | %.0f |",
                what,
                cell.median(pair -> pair.ringside().perSecond()) / 1e3,
                cell.median(pair -> pair.peer().perSecond()) / 1e3,
                ratio(cell),
                cell.median(pair -> pair.ringside().cpuNs()) / 1e3,
                cell.median(pair -> pair.peer().cpuNs()) / 1e3,
                cpuRatio(cell),
                cell.median(pair -> pair.ringside().p50Ns()) / 1e3,
                cell.median(pair -> pair.peer().p50Ns()) / 1e3,
                cell.median(Duel.Pair::roundTripNs));
    }

    private void unsteady(final String what, final Duel.Cell cell) {
        lines.line(
                "| %s | the processors' distance changed in each of %d pairs |",
                what, cell.dropped());
    }

    /** Median, least and most of a cell's ratios. */
    static String ratio(final Duel.Cell cell) {
        return String.format(
                Locale.ROOT,
                "**%.2f** (%.2f to %.2f)%s",
                cell.median(Duel.Pair::ratio),
                cell.least(),
                cell.most(),
                cell.dropped() == 0 ? "" : " " + cell.dropped() + " pairs dropped");
    }

    private static double cpuRatio(final Duel.Cell cell) {
        return cell.median(pair -> pair.ringside().cpuNs())
                / cell.median(pair -> pair.peer().cpuNs());
    }

    void netHeading() {
        lines.line(
                "| front-end | frames | bytes | Ringside M/s | %s M/s | ratio (least to most)"
                        + " | CPU ns/frame: Ringside | %s | ratio"
                        + " | p50 ns: Ringside | %s | round trip ns |",
                peer, peerColumn, peerColumn);
        lines.line("|---|---|---|---|---|---|---|---|---|---|---|---|");
    }

    void netCell(final String frontEnd, final NetCase what, final Duel.Cell cell) {
        final String title = frontEnd + " | " + what.title() + " | " + what.bytes();
        if (cell.pairs().isEmpty()) {
            unsteady(title, cell);
            return;
        }
        lines.line(
                "| %s | %.3f | %.3f | %s | %.1f | %.1f | %.2f | %.0f | %.0f | %.0f |",
                title,
                cell.median(pair -> pair.ringside().perSecond()) / 1e6,
                cell.median(pair -> pair.peer().perSecond()) / 1e6,
                ratio(cell),
                cell.median(pair -> pair.ringside().cpuNs()),
                cell.median(pair -> pair.peer().cpuNs()),
                cpuRatio(cell),
                cell.median(pair -> pair.ringside().p50Ns()),
                cell.median(pair -> pair.peer().p50Ns()),
                cell.median(Duel.Pair::roundTripNs));
    }

    void netGarbage(final NetCase what, final long bytes, final long frames) {
        lines.line(
                "Ringside's shards allocated %d bytes over %d frames (%s, %d bytes).",
                bytes, frames, what.title(), what.bytes());
    }

    void netProcesses(
            final double ringsideMib,
            final double peerMib,
            final double ringsideIdlePercent,
            final double peerIdlePercent) {
        lines.line("");
        lines.line("| | Ringside | %s |", peer);
        lines.line("|---|---|---|");
        lines.line("| resident MiB, huge pages not counted | %.0f | %.0f |", ringsideMib, peerMib);
        lines.line(
                "| CPU %% with a front-end attached that sends nothing | %.1f | %.1f |",
                ringsideIdlePercent, peerIdlePercent);
        lines.line("");
    }

    /** A line of its own. */
    void note(final String text) {
        lines.line("%s", text);
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
        lines.line("");
        lines.line(
                "| storage | idle CPU %%: Ringside | %s"
                        + " | resident MiB, huge pages not counted: Ringside | %s"
                        + " | Ringside's shards allocated | over requests | per request |",
                peerColumn, peerColumn);
        lines.line("|---|---|---|---|---|---|---|---|");
        for (final Idle row : rows) {
            lines.line(
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

    void starts(final List<Double> ringsideMs, final List<Double> peerMs) {
        lines.line("");
        lines.line("| time to a listening socket | Ringside | %s |", peer);
        lines.line("|---|---|---|");
        lines.line(
                "| median of %d, ms | %.0f | %.0f |",
                ringsideMs.size(), Duel.median(ringsideMs), Duel.median(peerMs));
    }
}
