package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.metrics.prometheus.Health;
import dev.ringside.metrics.prometheus.HttpSettings;
import dev.ringside.metrics.prometheus.PrometheusEndpoint;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.log.Log;
import dev.ringside.server.options.MetricsAddress;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Values;
import dev.ringside.server.status.StatusPages;
import dev.ringside.server.status.StatusReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The metrics endpoint of this process, with its status page. A class of its own, so that nothing
 * of the HTTP server and its libraries is loaded when metrics are not asked for.
 */
final class MetricsServer implements AutoCloseable {
    private final PrometheusEndpoint endpoint;
    private final EngineHealth health;
    private final StatusPages pages;

    private MetricsServer(PrometheusEndpoint endpoint, EngineHealth health, StatusPages pages) {
        this.endpoint = endpoint;
        this.health = health;
        this.pages = pages;
    }

    /** Binds the address; not ready until {@link #serving}. */
    static MetricsServer start(MetricsAddress address, MetricsRegistry registry)
            throws OperatorException {
        var health = new EngineHealth();
        var pages = new StatusPages();
        try {
            var socket = new InetSocketAddress(resolve(address.host()), address.port());
            var endpoint =
                    PrometheusEndpoint.start(
                            new HttpSettings(socket, address.clients(), MetricsServer::tell),
                            registry,
                            Version.text(),
                            health,
                            pages.pages());
            return new MetricsServer(endpoint, health, pages);
        } catch (IOException e) {
            throw new OperatorException(
                    Values.given(ServeSyntax.METRICS_PORT, Integer.toString(address.port()))
                            + " cannot be bound at "
                            + address.host()
                            + ": "
                            + e.getMessage()
                            + ": choose another port, or 0 for any free one",
                    e);
        }
    }

    private static void tell(String news) {
        Log.about("metrics").warn(news);
    }

    private static InetAddress resolve(String host) throws OperatorException {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new OperatorException(
                    Values.given(ServeSyntax.METRICS_ADDRESS, host)
                            + " is not an address of this host: give a number such as 127.0.0.1,"
                            + " ::1 or 0.0.0.0",
                    e);
        }
    }

    /** From now on /readyz, /healthz and the status page answer for this engine. */
    void serving(Engine engine, StatusReader status) {
        health.engine = engine;
        pages.show(status);
    }

    /** Where a person finds the metrics. */
    String url() {
        InetSocketAddress address = endpoint.address();
        String host = address.getAddress().getHostAddress();
        String bracketed = host.indexOf(':') < 0 ? host : "[" + host + "]";
        return "http://" + bracketed + ":" + address.getPort() + "/metrics";
    }

    /** The port that was bound. */
    int port() {
        return endpoint.address().getPort();
    }

    @Override
    public void close() {
        endpoint.close();
    }

    private static final class EngineHealth implements Health {
        /** Those who probe have a patience of their own: docs/metrics.md tells them this one. */
        private static final long PATIENCE_MS = 2_000;

        private volatile @Nullable Engine engine;

        @Override
        public List<String> failures() throws InterruptedException {
            Engine current = engine;
            return current == null ? List.of() : current.failures(PATIENCE_MS);
        }

        @Override
        public @Nullable String notReady() {
            Engine current = engine;
            return current == null ? "starting" : current.notReady();
        }
    }
}
