package dev.ringside.metrics.prometheus;

import static java.util.stream.Collectors.joining;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.ringside.metrics.MetricsRegistry;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP server with {@code /metrics} (Prometheus text 0.0.4, or OpenMetrics when the client
 * accepts it), {@code /healthz}, {@code /readyz} and the pages that it is given. Any thread may
 * call it.
 */
public final class PrometheusEndpoint implements AutoCloseable {
    /** Connections at a time; more wait or are closed. */
    static final int MAX_CONNECTIONS = 32;

    /** Limits of the JDK's server, which knows them as system properties only; times in seconds. */
    private static final Map<String, String> LIMITS =
            Map.of(
                    "jdk.httpserver.maxConnections", Integer.toString(MAX_CONNECTIONS),
                    "sun.net.httpserver.maxReqTime", "5",
                    "sun.net.httpserver.maxRspTime", "10",
                    "sun.net.httpserver.maxReqHeaders", "64",
                    "sun.net.httpserver.maxReqHeaderSize", "16384",
                    "sun.net.httpserver.nodelay", "true");

    private static final int BACKLOG = 32;
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int FAILED = 500;
    private static final int UNAVAILABLE = 503;

    private final HttpServer server;
    private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
    private final PrometheusRegistry prometheus = new PrometheusRegistry();
    private final PrometheusMeterRegistry meters =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, prometheus, Clock.SYSTEM);
    private final JvmGcMetrics garbage = new JvmGcMetrics();
    private final ExpositionFormatWriter textFormat = PrometheusTextFormatWriter.create();
    private final ExpositionFormatWriter openMetrics = OpenMetricsTextFormatWriter.create();
    private final Health health;
    private final Map<String, Page> pages;

    private PrometheusEndpoint(
            HttpServer server,
            MetricsRegistry registry,
            String version,
            Health health,
            Map<String, Page> pages) {
        this.server = server;
        this.health = health;
        this.pages = new TreeMap<>(pages);
        prometheus.register(new RegistryCollector(registry));
        prometheus.register(new ProcessCollector(Path.of("/proc/self")));
        prometheus.register(() -> buildInfo(version));
        new JvmMemoryMetrics().bindTo(meters);
        new JvmThreadMetrics().bindTo(meters);
        garbage.bindTo(meters);
    }

    /**
     * Binds the address and serves.
     *
     * @param address where to listen; port 0: any free one, see {@link #address}
     * @param version what {@code ringside_build_info} says
     * @param pages other pages by their paths
     * @throws IOException when the address cannot be bound; nothing is left behind
     */
    public static PrometheusEndpoint start(
            InetSocketAddress address,
            MetricsRegistry registry,
            String version,
            Health health,
            Map<String, Page> pages)
            throws IOException {
        LIMITS.forEach(
                (name, value) -> {
                    if (System.getProperty(name) == null) {
                        System.setProperty(name, value);
                    }
                });
        HttpServer server = HttpServer.create(address, BACKLOG);
        var endpoint = new PrometheusEndpoint(server, registry, version, health, pages);
        server.setExecutor(endpoint.clients);
        server.createContext("/", endpoint::serve);
        server.start();
        return endpoint;
    }

    /** The address that is bound. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    /** Stops listening and drops the clients. Idempotent. */
    @Override
    public void close() {
        server.stop(0);
        clients.shutdownNow();
        garbage.close();
        meters.close();
    }

    private static InfoSnapshot buildInfo(String version) {
        var info = InfoSnapshot.builder();
        info.name("ringside_build").help("The version of Ringside and of the JVM that runs it");
        info.dataPoint(
                InfoSnapshot.InfoDataPointSnapshot.builder()
                        .labels(
                                Labels.of(
                                        "version",
                                        version,
                                        "java_version",
                                        Runtime.version().toString()))
                        .build());
        return info.build();
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            answer(exchange, respond(exchange));
        } catch (InterruptedException e) {
            // The endpoint closes, and with it the connection.
            Thread.currentThread().interrupt();
        }
    }

    private Response respond(HttpExchange exchange) throws InterruptedException {
        String method = exchange.getRequestMethod();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            return Response.text(METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        }
        String path = String.valueOf(exchange.getRequestURI().getPath());
        return switch (path) {
            case "/metrics" -> scrape(exchange.getRequestHeaders().getFirst("Accept"));
            case "/healthz" -> healthz();
            case "/readyz" -> readyz();
            default -> page(path);
        };
    }

    private Response healthz() throws InterruptedException {
        List<String> failures = health.failures();
        return failures.isEmpty()
                ? Response.text(OK, "ok\n")
                : Response.text(UNAVAILABLE, String.join("\n", failures) + "\n");
    }

    private Response readyz() {
        String reason = health.notReady();
        return reason == null
                ? Response.text(OK, "ready\n")
                : Response.text(UNAVAILABLE, "not ready: " + reason + "\n");
    }

    private Response page(String path) throws InterruptedException {
        Page page = pages.get(path);
        if (page == null) {
            return Response.text(
                    NOT_FOUND,
                    "there are /metrics, /healthz, /readyz"
                            + pages.keySet().stream().map(", "::concat).collect(joining())
                            + "\n");
        }
        try {
            return page.get();
        } catch (RuntimeException e) {
            return Response.text(FAILED, "the page failed: " + e + "\n");
        }
    }

    /** Written to memory first: a slow client then holds bytes, not the collectors. */
    private Response scrape(@Nullable String accept) {
        ExpositionFormatWriter writer =
                accept != null && openMetrics.accepts(accept) ? openMetrics : textFormat;
        var bytes = new ByteArrayOutputStream(64 * 1024);
        try {
            writer.write(bytes, prometheus.scrape());
        } catch (IOException | RuntimeException e) {
            return Response.text(FAILED, "the scrape failed: " + e + "\n");
        }
        return Response.ok(writer.getContentType(), bytes.toByteArray());
    }

    private static void answer(HttpExchange exchange, Response response) throws IOException {
        boolean head = exchange.getRequestMethod().equals("HEAD");
        response.headers().forEach(exchange.getResponseHeaders()::set);
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        if (response.status() == METHOD_NOT_ALLOWED) {
            // A body may follow that nobody reads.
            exchange.getResponseHeaders().set("Allow", "GET, HEAD");
            exchange.getResponseHeaders().set("Connection", "close");
        }
        if (head) {
            exchange.getResponseHeaders()
                    .set("Content-Length", Integer.toString(response.body().length));
            exchange.sendResponseHeaders(response.status(), -1);
            return;
        }
        exchange.sendResponseHeaders(response.status(), response.body().length);
        try (OutputStream body = exchange.getResponseBody()) {
            body.write(response.body());
        }
    }
}
