package dev.ringside.metrics.prometheus;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpRequestTest {
    private static HttpRequest read(String text) throws IOException {
        return HttpRequest.read(new ByteArrayInputStream(text.getBytes(ISO_8859_1)));
    }

    @Test
    void shouldReadWhatStandsBeforeTheEmptyLine() throws IOException {
        HttpRequest request =
                read("GET /metrics?name[]=a HTTP/1.1\r\nHost: x:1\r\nACCEPT:  b \r\n\r\nbody");

        assertEquals("GET", request.method());
        assertEquals("/metrics", request.path());
        assertEquals("b", request.header("Accept"));
        assertEquals("x:1", request.header("host"));
        assertNull(request.header("body"));
        assertEquals("/", read("HEAD / HTTP/1.0\n\n").path());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\r\n",
                "\n",
                "GET\r\n\r\n",
                "GET /\r\n\r\n",
                "GET / HTTP/2\r\n\r\n",
                "GET  / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1 x\r\n\r\n",
                "GET http://x/ HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nnothing\r\n\r\n",
                "GET / HTTP/1.1\r\n: x\r\n\r\n"
            })
    void shouldRefuseWhatIsNoRequest(String text) {
        assertThrows(HttpRequest.MalformedException.class, () -> read(text));
    }

    @Test
    void shouldReadNoMoreThanItTakes() {
        String endless = "GET / HTTP/1.1\r\nX: " + "y".repeat(HttpRequest.MAX_BYTES);

        assertThrows(HttpRequest.MalformedException.class, () -> read(endless));
        assertThrows(EOFException.class, () -> read("GET / HTTP/1.1\r\n"));
        assertThrows(EOFException.class, () -> read(""));
    }

    @Test
    void shouldTakeOrRefuseWhateverTheBytes() {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println("HttpRequestTest: -Dringside.seed=" + seed);
        Random random = new Random(seed);
        String alphabet = "GET / HTTP/1.1\r\n:\r\n\r\nab\u0000\u00ff";
        int taken = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder(i % 2 == 0 ? "GET / HTTP/1.1\r\n" : "");
            for (int length = random.nextInt(30); length > 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                taken += read(text + "\r\n\r\n").method().isEmpty() ? 0 : 1;
            } catch (IOException e) {
                assertEquals(HttpRequest.MalformedException.class, e.getClass());
            }
        }
        assertEquals(true, taken > 0);
    }
}
