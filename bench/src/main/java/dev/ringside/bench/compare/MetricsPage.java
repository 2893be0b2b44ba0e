package dev.ringside.bench.compare;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a running Ringside tells Prometheus. It must be awake.
 *
 * @param address where it serves that
 */
record MetricsPage(URI address) {
    private static final long READY_LIMIT_NS = 5_000_000_000L;
    private static final long LOOK_AGAIN_NS = 10_000_000;
    private static final Pattern READY = Pattern.compile("\\bmetrics (http://\\S+/metrics)");

    /**
     * The one that the line of a process which is ready names in its log; that line may come a
     * little after the sockets listen.
     */
    static MetricsPage of(final Path log) throws IOException {
        final long deadline = System.nanoTime() + READY_LIMIT_NS;
        Matcher matcher = READY.matcher(Files.readString(log));
        while (!matcher.find()) {
            if (System.nanoTime() > deadline) {
                throw new IOException("no metrics are served; see " + log);
            }
            IdleCpu.pause(LOOK_AGAIN_NS);
            matcher = READY.matcher(Files.readString(log));
        }
        return new MetricsPage(URI.create(matcher.group(1)));
    }

    /** All values at one time. */
    record Values(List<String> lines) {
        /** The sum of a metric over all its series that have this label. */
        double sum(final String metric, final String label) {
            return lines.stream()
                    .filter(line -> line.startsWith(metric + "{") && line.contains(label))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf("} ") + 2)))
                    .sum();
        }
    }

    Values read() throws IOException {
        try (var in = address.toURL().openStream()) {
            return new Values(
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
        }
    }
}
