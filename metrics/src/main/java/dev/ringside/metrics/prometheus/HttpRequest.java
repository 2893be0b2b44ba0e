package dev.ringside.metrics.prometheus;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A request without a body (RFC 9112): what stands before the empty line.
 *
 * @param method GET and the like
 * @param path without what follows a question mark; not decoded
 * @param headers by their names in small letters; of several with one name the first
 */
record HttpRequest(String method, String path, Map<String, String> headers) {
    /** Most bytes of a request; the rest of a longer one is not read. */
    static final int MAX_BYTES = 16 << 10;

    /** The client does not speak HTTP, or too much of it. */
    static final class MalformedException extends IOException {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message);
        }
    }

    /**
     * Reads one, and nothing behind its empty line when {@code from} is not buffered.
     *
     * @throws MalformedException when it is none
     * @throws EOFException when the client ended the connection instead
     */
    static HttpRequest read(InputStream from) throws IOException {
        List<String> lines = readHead(from).lines().toList();
        if (lines.isEmpty()) {
            throw new MalformedException("a request begins with a line");
        }
        String[] words = lines.getFirst().split(" ", -1);
        if (words.length != 3 || !words[2].startsWith("HTTP/1.") || !words[1].startsWith("/")) {
            throw new MalformedException("a request begins with a method, a path and HTTP/1.1");
        }
        Map<String, String> headers = new TreeMap<>();
        for (String line : lines.subList(1, lines.size())) {
            int colon = line.indexOf(':');
            if (colon <= 0) {
                throw new MalformedException("a header has a name and a colon");
            }
            headers.putIfAbsent(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return new HttpRequest(words[0], words[1].split("\\?", 2)[0], headers);
    }

    /** Up to the empty line, without that and without what else may stand at a line's end. */
    private static String readHead(InputStream from) throws IOException {
        var head = new ByteArrayOutputStream();
        boolean lineIsEmpty = true;
        for (int count = 0; count < MAX_BYTES; count++) {
            int next = from.read();
            if (next < 0) {
                throw new EOFException();
            }
            if (next == '\n' && lineIsEmpty) {
                return head.toString(ISO_8859_1);
            }
            if (next != '\r') {
                lineIsEmpty = next == '\n';
                head.write(next);
            }
        }
        throw new MalformedException("a request has at most " + MAX_BYTES + " bytes");
    }

    /** A header's value; null: there is no such header. */
    @Nullable String header(String name) {
        return headers.get(name.toLowerCase(Locale.ROOT));
    }
}
