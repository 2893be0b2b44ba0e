package dev.ringside.metrics.prometheus;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class PrometheusEndpointTest {
    private enum Fruit implements MetricName {
        READ("read"),
        WRITE("write");

        private final String operation;

        Fruit(String operation) {
            this.operation = operation;
        }

        @Override
        public String metricName() {
            return "ringside_test_requests_total";
        }

        @Override
        public String help() {
            return "Requests";
        }

        @Override
        public Map<String, String> labels() {
            return Map.of("operation", operation);
        }
    }

    private enum Duration implements MetricName {
        READ;

        @Override
        public String metricName() {
            return "ringside_test_duration_seconds";
        }

        @Override
        public String help() {
            return "Time from \"taken\" to completed";
        }
    }

    private final MetricsRegistry registry = new MetricsRegistry();
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable String> notReady = new AtomicReference<>();
    private Supplier<Response> page = () -> Response.ok("text/x", "hello".getBytes(UTF_8));
    private PrometheusEndpoint endpoint;

    PrometheusEndpointTest() throws IOException {
        endpoint = start();
    }

    private PrometheusEndpoint start() throws IOException {
        return start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private PrometheusEndpoint start(InetSocketAddress address) throws IOException {
        return PrometheusEndpoint.start(
                HttpSettings.at(address),
                registry,
                "1.2.3",
                new Health() {
                    @Override
                    public List<String> failures() {
                        return failures;
                    }

                    @Override
                    public @Nullable String notReady() {
                        return notReady.get();
                    }
                },
                Map.of("/a", () -> page.get(), "/b", () -> Response.ok("text/x", new byte[3])));
    }

    @BeforeEach
    void loadClasses() throws IOException {
        // The first scrape loads what later ones use: none of them depends on the order of tests.
        get("/metrics", "");
    }

    @AfterEach
    void stop() {
        endpoint.close();
    }

    private String get(String path, String headers) throws IOException {
        return exchange("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers);
    }

    private String exchange(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream()
                    .write((request + "Connection: close\r\n\r\n").getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    private Socket connect() throws IOException {
        return new Socket(endpoint.address().getAddress(), endpoint.address().getPort());
    }

    private Exposition scrape() throws IOException {
        String response = get("/metrics", "");
        assertTrue(response.startsWith("HTTP/1.1 200 "), response);
        return Exposition.parse(response.substring(response.indexOf("\r\n\r\n") + 4));
    }

    @Test
    void shouldShowCountersWithTheirLabels() throws IOException {
        var counters = new Counters<>(Fruit.class);
        counters.add(Fruit.READ, 7);
        registry.register(Map.of("device", "disk0"), counters);

        Exposition shown = scrape();

        assertEquals("counter", shown.family("ringside_test_requests_total").type());
        assertEquals("Requests", shown.family("ringside_test_requests_total").help());
        assertEquals(
                7,
                shown.value(
                        "ringside_test_requests_total",
                        Map.of("device", "disk0", "operation", "read")));
        assertEquals(
                0,
                shown.value(
                        "ringside_test_requests_total",
                        Map.of("device", "disk0", "operation", "write")));
    }

    @Test
    void shouldNeverShowACounterGoBack() throws IOException {
        var counters = new Counters<>(Fruit.class);
        registry.register(Map.of(), counters);
        double last = -1;
        for (int i = 0; i < 20; i++) {
            double now =
                    scrape().value("ringside_test_requests_total", Map.of("operation", "read"));
            assertTrue(now > last, now + " after " + last);
            last = now;
            counters.add(Fruit.READ, 1L << (2 * i));
        }
    }

    @Test
    void shouldEscapeWhatLabelsAndHelpContain() throws IOException {
        String hostile = "a\"b\\c\nd}e,f=\"g\" \u00e9";
        var counters = new Counters<>(Fruit.class);
        registry.register(Map.of("device", hostile), counters);
        registry.gauge("ringside_test_gauge", "line\nbreak \\ and", Map.of(), () -> 5);

        Exposition shown = scrape();

        assertEquals(
                0,
                shown.value(
                        "ringside_test_requests_total",
                        Map.of("device", hostile, "operation", "read")));
        assertEquals("line\\nbreak \\\\ and", shown.family("ringside_test_gauge").help());
    }

    @Test
    void shouldShowExamplesInOpenMetricsOnly() throws IOException {
        var histogram = new LatencyHistogram(true);
        histogram.record(1_500_000, 4096);
        registry.register(Duration.READ, Map.of("device", "d"), histogram);

        String open = get("/metrics", "Accept: application/openmetrics-text\r\n");
        String text = get("/metrics", "");

        assertTrue(open.contains(" 1 # {sector=\"4096\"} 0.0015 "), open);
        assertFalse(text.contains("sector"), text);
    }

    @Test
    void shouldShowAHistogramInSecondsAndCumulative() throws IOException {
        var histogram = new LatencyHistogram();
        histogram.record(500);
        histogram.record(2_000_000);
        histogram.record(3_000_000_000L);
        registry.register(Duration.READ, Map.of("device", "d"), histogram);

        Exposition.Family family = scrape().family("ringside_test_duration_seconds");

        assertEquals("histogram", family.type());
        List<Double> bounds = new ArrayList<>();
        List<Double> counts = new ArrayList<>();
        for (Exposition.Sample sample : family.samples()) {
            if (sample.name().endsWith("_bucket")) {
                String bound = sample.labels().getOrDefault("le", "");
                bounds.add(Double.parseDouble(bound.replace("+Inf", "Infinity")));
                counts.add(sample.value());
            }
        }
        assertEquals(bounds.stream().sorted().toList(), bounds);
        assertEquals(counts.stream().sorted().toList(), counts);
        assertEquals(Double.POSITIVE_INFINITY, bounds.getLast());
        assertEquals(3, counts.getLast());
        assertEquals(1, counts.get(bounds.indexOf(0.001048576)));
        assertEquals(2, counts.get(bounds.indexOf(0.002097152)));
        Exposition.Sample sum =
                family.samples().stream()
                        .filter(s -> s.name().endsWith("_sum"))
                        .findFirst()
                        .orElseThrow();
        assertEquals(3.0020005, sum.value(), 1e-9);
    }

    @Test
    void shouldForgetSeriesWhenTheyAreClosed() throws IOException {
        var registration = registry.gauge("ringside_test_gauge", "g", Map.of(), () -> 5);
        assertEquals(5, scrape().value("ringside_test_gauge", Map.of()));

        registration.close();

        Exposition shown = scrape();
        assertThrows(IllegalArgumentException.class, () -> shown.family("ringside_test_gauge"));
    }

    @Test
    void shouldShowTheProcessTheJvmAndTheBuild() throws IOException {
        Exposition shown = scrape();

        assertTrue(shown.value("process_resident_memory_bytes", Map.of()) > 1e6);
        assertTrue(shown.value("process_open_fds", Map.of()) > 3);
        assertTrue(shown.value("process_max_fds", Map.of()) > 3);
        assertTrue(shown.value("process_cpu_seconds_total", Map.of()) > 0);
        assertTrue(shown.value("process_start_time_seconds", Map.of()) > 1.7e9);
        assertTrue(shown.families().containsKey("jvm_memory_used_bytes"));
        assertTrue(shown.families().containsKey("jvm_threads_live_threads"));
        assertEquals(
                1,
                shown.value(
                        "ringside_build_info",
                        Map.of("version", "1.2.3", "java_version", "" + Runtime.version())));
    }

    @Test
    void shouldFollowTheNamingConventions() throws IOException {
        registry.register(Map.of(), new Counters<>(Fruit.class));
        for (Exposition.Family family : scrape().families().values()) {
            assertTrue(family.name().matches("[a-z][a-z0-9_]*"), family.name());
            assertTrue(!family.help().isBlank(), family.name());
            assertEquals(
                    family.type().equals("counter"),
                    family.name().endsWith("_total"),
                    family.name() + " is a " + family.type());
        }
    }

    @Test
    void shouldAnswerInTheFormatThatTheClientAccepts() throws IOException {
        String plain = get("/metrics", "Accept: text/html\r\n");
        String open = get("/metrics", "Accept: application/openmetrics-text; version=1.0.0\r\n");

        assertTrue(plain.contains("Content-Type: text/plain; version=0.0.4"), plain);
        assertTrue(open.contains("Content-Type: application/openmetrics-text"), open);
        assertTrue(open.endsWith("# EOF\n"), open);
    }

    @Test
    void shouldSayWhatFailsAndWhyItIsNotReady() throws IOException {
        assertTrue(get("/healthz", "").endsWith("\r\n\r\nok\n"));
        assertTrue(get("/readyz", "").endsWith("\r\n\r\nready\n"));

        failures.add("shard 1 does not answer");
        failures.add("shard 2 has failed");
        notReady.set("ending");

        String health = get("/healthz", "");
        assertTrue(health.startsWith("HTTP/1.1 503 "), health);
        assertTrue(health.endsWith("\r\n\r\nshard 1 does not answer\nshard 2 has failed\n"));
        String ready = get("/readyz", "");
        assertTrue(ready.startsWith("HTTP/1.1 503 "), ready);
        assertTrue(ready.endsWith("\r\n\r\nnot ready: ending\n"), ready);
    }

    @Test
    void shouldServeThePagesThatItIsGiven() throws IOException {
        String answer = get("/a", "");

        assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
        assertTrue(answer.contains("\r\nContent-Type: text/x\r\n"), answer);
        assertTrue(answer.contains("\r\nX-Content-Type-Options: nosniff\r\n"), answer);
        assertTrue(answer.endsWith("\r\n\r\nhello"), answer);
    }

    @Test
    void shouldAnswerWhenAPageFails() throws IOException {
        page =
                () -> {
                    throw new IllegalStateException("why");
                };

        String answer = get("/a", "");

        assertTrue(answer.startsWith("HTTP/1.1 500 "), answer);
        assertTrue(answer.contains("why"), answer);
    }

    @Test
    void shouldRefuseOtherMethods() throws IOException {
        String post = exchange("POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n");
        assertTrue(post.startsWith("HTTP/1.1 405 "), post);
        String head = exchange("HEAD /metrics HTTP/1.1\r\n");
        assertTrue(head.startsWith("HTTP/1.1 200 ") && head.endsWith("\r\n\r\n"), head);
    }

    @Test
    void shouldAnswerNothingElse() throws IOException {
        for (String path : List.of("/", "/metrics/x", "/%00", "/a/", "/A")) {
            String answer = get(path, "");
            assertTrue(answer.startsWith("HTTP/1.1 404 "), answer);
            assertTrue(answer.contains("there are /metrics, /healthz, /readyz, /a, /b\n"), answer);
        }
    }

    @Test
    void shouldAnswerWhileOtherClientsAreSlow() throws IOException {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < HttpSettings.DEFAULT_CLIENTS / 2; i++) {
                Socket socket = connect();
                slow.add(socket);
                socket.getOutputStream().write("GET /metrics HT".getBytes(ISO_8859_1));
            }

            assertTrue(get("/healthz", "").startsWith("HTTP/1.1 200 "));
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    void shouldCloseConnectionsWithHugeHeaders() throws IOException {
        String answer;
        try {
            answer = get("/metrics", "X: " + "y".repeat(1_000_000) + "\r\n");
        } catch (IOException reset) {
            answer = "";
        }

        assertFalse(answer.startsWith("HTTP/1.1 200 "), answer);
        assertTrue(get("/healthz", "").startsWith("HTTP/1.1 200 "));
    }

    @Test
    void shouldFailWhenThePortIsTaken() {
        InetSocketAddress taken = endpoint.address();

        assertThrows(BindException.class, () -> start(taken));
    }

    @Test
    void shouldFreeThePortWhenClosed() throws IOException {
        InetSocketAddress address = endpoint.address();
        endpoint.close();
        endpoint.close();

        assertThrows(IOException.class, () -> new Socket(address.getAddress(), address.getPort()));
        endpoint = start();
    }
}
