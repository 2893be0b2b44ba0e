package dev.ringside.server.status;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringside.metrics.prometheus.Page;
import dev.ringside.metrics.prometheus.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The pages for people at the metrics port: one page of HTML, and the JSON that it shows. Any
 * thread.
 */
public final class StatusPages {
    private static final int UNAVAILABLE = 503;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private volatile @Nullable StatusReader reader;

    /** Nothing is shown before {@link #show}. */
    public StatusPages() {}

    /** From now on this is what they show. */
    public void show(StatusReader status) {
        reader = status;
    }

    /** The pages by their paths. */
    public Map<String, Page> pages() {
        return Map.of("/", Html::page, "/status.json", this::json);
    }

    private Response json() throws InterruptedException {
        StatusReader current = reader;
        if (current == null) {
            return Response.text(UNAVAILABLE, "starting\n");
        }
        try {
            return Response.ok("application/json", MAPPER.writeValueAsBytes(current.read()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Loaded when somebody first looks. */
    private static final class Html {
        private static final byte[] TEXT = read();
        private static final Map<String, String> HEADERS = headers(new String(TEXT, UTF_8));

        static Response page() {
            return new Response(200, HEADERS, TEXT);
        }

        private static byte[] read() {
            try (InputStream file = StatusPages.class.getResourceAsStream("status.html")) {
                return Objects.requireNonNull(file, "status.html").readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Nothing runs but what the page came with, and nothing is loaded from elsewhere. */
        private static Map<String, String> headers(String html) {
            Map<String, String> headers = new HashMap<>();
            headers.put("Content-Type", "text/html; charset=utf-8");
            headers.put("Referrer-Policy", "no-referrer");
            headers.put(
                    "Content-Security-Policy",
                    "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none';"
                            + " frame-ancestors 'none'; script-src 'sha256-"
                            + hash(html, "script")
                            + "'; style-src 'sha256-"
                            + hash(html, "style")
                            + "'");
            return headers;
        }

        private static String hash(String html, String element) {
            String start = "<" + element + ">";
            int from = html.indexOf(start) + start.length();
            String inner = html.substring(from, html.indexOf("</" + element + ">"));
            try {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(inner.getBytes(UTF_8));
                return Base64.getEncoder().encodeToString(digest);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
