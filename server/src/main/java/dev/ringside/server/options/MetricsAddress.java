package dev.ringside.server.options;

import static dev.ringside.server.options.ServeSyntax.METRICS_ADDRESS;
import static dev.ringside.server.options.ServeSyntax.METRICS_PORT;

import org.jspecify.annotations.Nullable;

/** Where /metrics listens; port 0: any free one. */
public record MetricsAddress(String host, int port) {
    public static final String DEFAULT_HOST = "127.0.0.1";

    /** What the options ask for; null: no metrics. */
    static @Nullable MetricsAddress parse(Given given) throws OperatorException {
        String host = given.text(METRICS_ADDRESS);
        if (!given.has(METRICS_PORT)) {
            if (host != null) {
                throw new OperatorException(
                        given.shown(METRICS_ADDRESS)
                                + " does nothing without --metrics-port=PORT: give that too");
            }
            return null;
        }
        return new MetricsAddress(
                host == null ? DEFAULT_HOST : host, given.integer(METRICS_PORT, 0, 0, 65_535));
    }
}
