package dev.ringside.bench.compare;

import dev.ringside.frontend.LatencyRecorder;
import dev.ringside.frontend.LoadOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Latency against load: an open loop of 4 KiB random reads at rates that both are given in turn, up
 * to what the faster one can do. Prints a Markdown table, and draws a plot for each storage.
 */
final class Curve {
    private static final int DEPTH = 128;
    private static final int[] PERCENT = {5, 10, 20, 30, 40, 50, 60, 70, 80, 90};

    /** Below this share of the rate that it was given a back-end does not keep up. */
    private static final double KEEPS_UP = 0.97;

    private final CompareOptions options;
    private final Path plots;
    private final PrintStream out;

    Curve(final CompareOptions options, final Path plots, final PrintStream out) {
        this.options = options;
        this.plots = plots;
        this.out = out;
    }

    /** One back-end at one rate, medians over the turns; nanoseconds. */
    private record Point(double rate, double achieved, double p50, double p99) {
        boolean keptUp() {
            return achieved >= KEEPS_UP * rate;
        }
    }

    void run() throws IOException {
        Files.createDirectories(plots);
        DiskPair.prepared(options, this::run);
    }

    private void run(final BackEnd.Place place) throws IOException {
        out.printf("| storage | k/s asked for | back-end | k/s | p50 us | p99 us |%n");
        out.printf("|---|---|---|---|---|---|%n");
        for (final Storage storage : options.storages()) {
            try (DiskPair pair = DiskPair.start(options, storage, place)) {
                measure(storage, pair);
            }
        }
    }

    private void measure(final Storage storage, final DiskPair pair) throws IOException {
        final double most = Math.max(peak(pair, pair.ringside()), peak(pair, pair.peer()));
        final List<Point> mine = new ArrayList<>();
        final List<Point> others = new ArrayList<>();
        for (final int percent : PERCENT) {
            final long rate = (long) (most * percent / 100);
            final List<Point> my = new ArrayList<>();
            final List<Point> other = new ArrayList<>();
            for (int i = 0; i < options.pace().pairs(); i++) {
                my.add(turn(pair, pair.ringside(), rate));
                other.add(turn(pair, pair.peer(), rate));
            }
            mine.add(tell(storage, pair.ringside(), median(my)));
            others.add(tell(storage, pair.peer(), median(other)));
        }
        final Plot plot =
                new Plot(
                        "4 KiB random reads, " + storage.title(),
                        "thousand requests a second",
                        "microseconds");
        add(plot, pair.ringside(), mine);
        add(plot, pair.peer(), others);
        final String name =
                storage.name().toLowerCase(Locale.ROOT) + "-" + options.peer().fileName() + ".svg";
        Files.writeString(plots.resolve(name), plot.svg());
    }

    private double peak(final DiskPair pair, final BackEnd backEnd) throws IOException {
        pair.load(backEnd, LoadOptions.randomRead(DEPTH).durationNs(options.pace().warmUpNs()));
        return pair.load(backEnd, LoadOptions.randomRead(DEPTH).durationNs(options.pace().turnNs()))
                .result()
                .requestsPerSecond();
    }

    private Point turn(final DiskPair pair, final BackEnd backEnd, final long rate)
            throws IOException {
        final LoadOptions load =
                LoadOptions.randomRead(DEPTH).rate(rate).durationNs(options.pace().turnNs());
        final var result = pair.load(backEnd, load).result();
        final LatencyRecorder latency = result.latency();
        return new Point(
                rate,
                result.requestsPerSecond(),
                latency.percentileNs(0.5),
                latency.percentileNs(0.99));
    }

    private static Point median(final List<Point> turns) {
        return new Point(
                turns.getFirst().rate,
                Duel.median(turns.stream().mapToDouble(Point::achieved).toArray()),
                Duel.median(turns.stream().mapToDouble(Point::p50).toArray()),
                Duel.median(turns.stream().mapToDouble(Point::p99).toArray()));
    }

    private Point tell(final Storage storage, final BackEnd backEnd, final Point point) {
        out.printf(
                Locale.ROOT,
                "| %s | %.0f | %s | %.0f%s | %.1f | %.1f |%n",
                storage.title(),
                point.rate / 1e3,
                backEnd.title(),
                point.achieved / 1e3,
                point.keptUp() ? "" : " (does not keep up)",
                point.p50 / 1e3,
                point.p99 / 1e3);
        return point;
    }

    // Where it does not keep up latency is that of a queue that grows: no point of the curve.
    private static void add(final Plot plot, final BackEnd backEnd, final List<Point> points) {
        final List<Point> kept = points.stream().filter(Point::keptUp).toList();
        final double[] rates = kept.stream().mapToDouble(point -> point.rate / 1e3).toArray();
        plot.add(
                backEnd.title() + ", p50",
                rates,
                kept.stream().mapToDouble(point -> point.p50 / 1e3).toArray());
        plot.add(
                backEnd.title() + ", p99",
                rates,
                kept.stream().mapToDouble(point -> point.p99 / 1e3).toArray());
    }
}
