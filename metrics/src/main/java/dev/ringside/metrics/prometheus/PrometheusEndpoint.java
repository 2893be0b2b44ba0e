package dev.ringside.metrics.prometheus;

import static java.util.stream.Collectors.joining;

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
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP server with {@code /metrics} (Prometheus text 0.0.4, or OpenMetrics when the client
 * accepts it), {@code /healthz}, {@code /readyz} and the pages that it is given. Any thread may
 * call it.
 */
public final class PrometheusEndpoint implements AutoCloseable {
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int FAILED = 500;
    private static final int UNAVAILABLE = 503;

    private final HttpListener listener;
    private final PrometheusRegistry prometheus = new PrometheusRegistry();
    private final PrometheusMeterRegistry meters =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, prometheus, Clock.SYSTEM);
    private final JvmGcMetrics garbage = new JvmGcMetrics();
    private final ExpositionFormatWriter textFormat = PrometheusTextFormatWriter.create();
    private final ExpositionFormatWriter openMetrics = OpenMetricsTextFormatWriter.create();
    private final Health health;
    private final Map<String, Page> pages;

    private PrometheusEndpoint(
            HttpSettings settings,
            MetricsRegistry registry,
            String version,
            Health health,
            Map<String, Page> pages)
            throws IOException {
        listener = HttpListener.bind(settings, registry);
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
     * @param settings where to listen, see {@link #address}, and for how many
     * @param version what {@code ringside_build_info} says
     * @param pages other pages by their paths
     * @throws IOException when the address cannot be bound; nothing is left behind
     */
    public static PrometheusEndpoint start(
            HttpSettings settings,
            MetricsRegistry registry,
            String version,
            Health health,
            Map<String, Page> pages)
            throws IOException {
        var endpoint = new PrometheusEndpoint(settings, registry, version, health, pages);
        endpoint.listener.serve(endpoint::respond);
        return endpoint;
    }

    /** The address that is bound. */
    public InetSocketAddress address() {
        return listener.address();
    }

    /** Stops listening and drops the clients. Idempotent. */
    @Override
    public void close() {
        listener.close();
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

    private Response respond(HttpRequest request) throws InterruptedException {
        String method = request.method();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            return Response.text(METHOD_NOT_ALLOWED, "only GET and HEAD\n")
                    .with("Allow", "GET, HEAD");
        }
        String path = request.path();
        return switch (path) {
            case "/metrics" -> scrape(request.header("Accept"));
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
}
