package dev.ringside.metrics.prometheus;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import java.util.TreeMap;

/**
 * What a page answers.
 *
 * @param status of HTTP
 * @param headers besides those of every response
 * @param body nobody may write to it any more
 */
@SuppressWarnings("ArrayRecordComponent") // written once, never compared
public record Response(int status, Map<String, String> headers, byte[] body) {
    static final String CONTENT_TYPE = "Content-Type";

    private static final int OK = 200;

    /** Keeps headers of its own. */
    public Response {
        headers = Map.copyOf(headers);
    }

    /** A page that is there. */
    public static Response ok(String contentType, byte[] body) {
        return new Response(OK, Map.of(CONTENT_TYPE, contentType), body);
    }

    /** The same with one header more. */
    Response with(String name, String value) {
        Map<String, String> more = new TreeMap<>(headers);
        more.put(name, value);
        return new Response(status, more, body);
    }

    /** A line or more for people. */
    public static Response text(int status, String text) {
        return new Response(
                status, Map.of(CONTENT_TYPE, "text/plain; charset=utf-8"), text.getBytes(UTF_8));
    }
}
