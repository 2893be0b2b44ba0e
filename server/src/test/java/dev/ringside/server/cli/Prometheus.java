package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real Prometheus server that scrapes one Ringside each second. */
final class Prometheus implements AutoCloseable {
    private static final long LOOK_NS = 200_000_000;
    private static final Pattern LISTENING = Pattern.compile("Listening on.*:([0-9]+)");

    private final Process process;
    private final BufferedReader messages;
    private final String url;

    private Prometheus(Process process) throws IOException {
        this.process = process;
        messages = new BufferedReader(new InputStreamReader(process.getErrorStream(), UTF_8));
        url = "http://127.0.0.1:" + awaitPort() + "/api/v1/";
        Thread.ofVirtual().start(() -> messages.lines().forEach(unused -> {}));
    }

    /**
     * Starts one.
     *
     * @param folder empty
     * @param target host and port of the Ringside
     * @param rules a file of alerts
     */
    static Prometheus start(Path folder, String target, Path rules) throws IOException {
        Path config = folder.resolve("prometheus.yml");
        Files.writeString(
                config,
                """
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: [%s]
                scrape_configs:
                  - job_name: ringside
                    static_configs: [{targets: ['%s']}]
                """
                        .formatted(rules, target));
        return new Prometheus(
                new ProcessBuilder(
                                "prometheus",
                                "--config.file=" + config,
                                "--storage.tsdb.path=" + folder.resolve("data"),
                                "--web.listen-address=127.0.0.1:0")
                        .start());
    }

    private String awaitPort() throws IOException {
        for (String line = messages.readLine(); line != null; line = messages.readLine()) {
            Matcher listening = LISTENING.matcher(line);
            if (listening.find()) {
                return listening.group(1);
            }
        }
        throw new IOException("prometheus has ended");
    }

    private JsonNode ask(String path) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(url + path).toURL().openConnection();
        if (connection.getResponseCode() != 200) {
            throw new IOException(
                    path + ": " + new String(connection.getErrorStream().readAllBytes(), UTF_8));
        }
        return new ObjectMapper().readTree(connection.getInputStream()).get("data");
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8);
    }

    /** The series that an expression gives now. */
    JsonNode query(String expression) throws IOException {
        return ask("query?query=" + encoded(expression)).get("result");
    }

    /** The series that an expression gave in the last seconds, one value for each of them. */
    JsonNode range(String expression, int seconds) throws IOException {
        long end = System.currentTimeMillis() / 1_000;
        return ask("query_range?step=1&start="
                        + (end - seconds)
                        + "&end="
                        + end
                        + "&query="
                        + encoded(expression))
                .get("result");
    }

    /** Waits until an expression gives data; the test's time limit ends it. */
    void awaitData(String expression) throws IOException {
        while (query(expression).isEmpty()) {
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    /** The alerts that fire now. */
    List<JsonNode> firing() throws IOException {
        return ask("alerts")
                .get("alerts")
                .valueStream()
                .filter(alert -> alert.get("state").asText().equals("firing"))
                .toList();
    }

    /** Waits until an alert fires. */
    JsonNode awaitAlert(String name) throws IOException {
        while (true) {
            for (JsonNode alert : firing()) {
                if (alert.get("labels").get("alertname").asText().equals(name)) {
                    return alert;
                }
            }
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
