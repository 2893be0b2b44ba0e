package dev.ringside.bench.compare;

import dev.ringside.frontend.LatencyRecorder;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/**
 * Latencies up to the worst one, over all turns together; of Ringside also while its metrics are
 * read each second.
 */
final class TailTable {
    private final CompareOptions options;
    private final Pace pace;
    private final Lines lines;

    TailTable(final CompareOptions options, final PrintStream out) {
        this.options = options;
        this.pace = options.pace();
        lines = new Lines(out);
    }

    /** What one side did in its turns. */
    private static final class Sum {
        private final LatencyRecorder latency = new LatencyRecorder();
        private long elapsedNs;
        private int scrapes;

        void add(final LoadResult result) {
            latency.add(result.latency());
            elapsedNs += result.elapsedNs();
        }
    }

    void run() throws IOException {
        DiskPair.prepared(options, this::run);
    }

    private void run(final BackEnd.Place place) throws IOException {
        lines.line(
                "| storage | depth | back-end | k/s | p50 us | p99 us | p99.9 us | max us"
                        + " | requests | round trip ns |");
        lines.line("|---|---|---|---|---|---|---|---|---|---|");
        for (final Storage storage : options.storages()) {
            final List<String> more = List.of("--metrics-port=0");
            try (DiskPair pair = DiskPair.start(options, more, storage, place)) {
                for (final int depth : options.depths()) {
                    compare(storage, depth, pair);
                }
            }
        }
    }

    private void compare(final Storage storage, final int depth, final DiskPair pair)
            throws IOException {
        final LoadOptions load = LoadOptions.randomRead(depth).durationNs(pace.turnNs());
        final BackEnd ringside = pair.ringside();
        final MetricsPage page = ringside.awake(() -> MetricsPage.of(ringside.log()));
        final Sum quiet = new Sum();
        final Sum scraped = new Sum();
        final Sum peer = new Sum();
        pair.load(pair.ringside(), load.durationNs(pace.warmUpNs()));
        scraped(pair, page, load.durationNs(pace.warmUpNs()), new Sum());
        pair.load(pair.peer(), load.durationNs(pace.warmUpNs()));
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int i = 0; i < pace.pairs(); i++) {
            final long distance = CoreDistance.roundTripNs(pace.frontendCpu(), pace.backendCpu());
            least = Math.min(least, distance);
            most = Math.max(most, distance);
            quiet.add(pair.load(pair.ringside(), load).result());
            scraped(pair, page, load, scraped);
            peer.add(pair.load(pair.peer(), load).result());
        }
        final String distances = least + " to " + most;
        row(storage, depth, "Ringside", quiet, distances);
        final String often = "Ringside, metrics read " + scraped.scrapes + " times";
        row(storage, depth, often, scraped, distances);
        row(storage, depth, options.peer().title(), peer, distances);
    }

    private void scraped(
            final DiskPair pair, final MetricsPage page, final LoadOptions load, final Sum sum)
            throws IOException {
        final BackEnd ringside = pair.ringside();
        sum.add(
                ringside.awake(
                        () -> {
                            final Scraper scraper = Scraper.start(page, pace.frontendCpu());
                            try (scraper) {
                                return ringside.drive(load, pace.frontendCpu()).result();
                            } finally {
                                sum.scrapes += scraper.count();
                            }
                        }));
    }

    private void row(
            final Storage storage,
            final int depth,
            final String backEnd,
            final Sum sum,
            final String distances) {
        lines.line(
                "| %s | %d | %s | %.1f | %.2f | %.2f | %.2f | %.0f | %d | %s |",
                storage.title(),
                depth,
                backEnd,
                sum.latency.count() * 1e6 / sum.elapsedNs,
                sum.latency.percentileNs(0.5) / 1e3,
                sum.latency.percentileNs(0.99) / 1e3,
                sum.latency.percentileNs(0.999) / 1e3,
                sum.latency.maxNs() / 1e3,
                sum.latency.count(),
                distances);
    }
}
