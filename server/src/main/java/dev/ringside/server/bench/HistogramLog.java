package dev.ringside.server.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/**
 * Latencies in the log format of HdrHistogram: one line for each turn and operation, tagged {@code
 * A.read}; values are nanoseconds, and the maximum is given in milliseconds.
 */
public final class HistogramLog {
    private static final int DIGITS = 3;
    private static final double MS = 1e6;

    private HistogramLog() {}

    /** Writes all of a contest; intervals are the turns, one after the other from 0. */
    public static void write(Contest.Result result, Path file) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            HistogramLogWriter log = new HistogramLogWriter(out);
            log.outputComment("[ringside bench: " + result.bench().describe() + "]");
            log.outputLogFormatVersion();
            log.outputLegend();
            double second = 0;
            for (int turn = 0; turn < result.turns().getFirst().size(); turn++) {
                for (int side = 0; side < result.sides().size(); side++) {
                    second =
                            write(
                                    log,
                                    result.sides().get(side).name(),
                                    result.turns().get(side).get(turn),
                                    second);
                }
            }
        }
    }

    private static double write(HistogramLogWriter log, String side, Turn turn, double start) {
        double end = start + turn.elapsedNs() / 1e9;
        turn.latency()
                .forEach(
                        (operation, latency) -> {
                            Histogram histogram = new Histogram(DIGITS);
                            latency.forEach(histogram::recordValueWithCount);
                            histogram.setTag(side + "." + operation.replace(' ', '-'));
                            log.outputIntervalHistogram(start, end, histogram, MS);
                        });
        return end;
    }
}
