package dev.ringside.server.options;

import static dev.ringside.server.options.ServeSyntax.METRICS_ADDRESS;
import static dev.ringside.server.options.ServeSyntax.METRICS_CLIENTS;
import static dev.ringside.server.options.ServeSyntax.METRICS_PORT;

import dev.ringside.metrics.prometheus.HttpSettings;
import org.jspecify.annotations.Nullable;

/**
 * Where /metrics listens, and for how many.
 *
 * @param port 0: any free one
 * @param clients connected at a time
 */
public record MetricsAddress(String host, int port, int clients) {
    public static final String DEFAULT_HOST = "127.0.0.1";
    public static final int DEFAULT_CLIENTS = HttpSettings.DEFAULT_CLIENTS;

    private static final int MAX_CLIENTS = 10_000;

    /** For the usual number of clients. */
    public MetricsAddress(String host, int port) {
        this(host, port, DEFAULT_CLIENTS);
    }

    /** What the options ask for; null: no metrics. */
    static @Nullable MetricsAddress parse(Given given) throws OperatorException {
        String host = given.text(METRICS_ADDRESS);
        if (!given.has(METRICS_PORT)) {
            if (host != null) {
                throw new OperatorException(
                        given.shown(METRICS_ADDRESS)
                                + " does nothing without --metrics-port=PORT: give that too");
            }
            if (given.has(METRICS_CLIENTS)) {
                throw new OperatorException(
                        given.shown(METRICS_CLIENTS)
                                + " does nothing without --metrics-port=PORT: give that too");
            }
            return null;
        }
        return new MetricsAddress(
                host == null ? DEFAULT_HOST : host,
                given.integer(METRICS_PORT, 0, 0, 65_535),
                given.integer(METRICS_CLIENTS, DEFAULT_CLIENTS, 1, MAX_CLIENTS));
    }
}
