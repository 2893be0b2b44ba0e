package dev.ringside.server.demo;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One scrape of a Prometheus page. Immutable.
 *
 * @param lines the samples, without comments
 */
record MetricsPage(List<String> lines) {
    private static final int LIMIT_MS = 10_000;

    /** Reads the page at {@code url}. */
    static MetricsPage scrape(final String url) throws IOException {
        final URLConnection connection = URI.create(url).toURL().openConnection();
        connection.setConnectTimeout(LIMIT_MS);
        connection.setReadTimeout(LIMIT_MS);
        try (InputStream in = connection.getInputStream()) {
            return new MetricsPage(
                    new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> !line.startsWith("#"))
                            .toList());
        }
    }

    /** The samples of a metric that are not zero. */
    List<String> nonZero(final String metric) {
        return lines.stream()
                .filter(line -> line.startsWith(metric + "{") || line.startsWith(metric + " "))
                .filter(line -> value(line) != 0)
                .toList();
    }

    /** The sum of a metric's samples that carry {@code label}, such as {@code operation="read"}. */
    double sum(final String metric, final String label) {
        return nonZero(metric).stream()
                .filter(line -> line.contains(label))
                .mapToDouble(MetricsPage::value)
                .sum();
    }

    private static double value(final String line) {
        return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
    }
}
