package dev.ringside.server.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ConsoleTest {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    @Test
    void shouldReturnTheRestOfEachLineInOrder() throws Exception {
        final Console console = console("noise\r\n@a one\n@b two\n@a three\n");

        assertEquals("one", console.await("@a", LIMIT));
        assertEquals("three", console.await("@a", LIMIT));
    }

    @Test
    void shouldReturnTheMarkedLinesBeforeTheAwaitedOneWhenAllAreAskedFor() throws Exception {
        final Console console =
                console("|early\n@status 0\n|one\nnoise\n|\n| two\n@status 7\n|late\n@status 1\n");
        console.await("@status", LIMIT);

        assertEquals(List.of("one", "", " two", "7"), console.awaitAll("|", "@status", LIMIT));
        assertEquals(List.of("late", "1"), console.awaitAll("|", "@status", LIMIT));
    }

    @Test
    void shouldFailWithTheTailWhenTheOutputEnds() {
        final Console console = console("first\nlast words\n");

        final GuestException failure =
                assertThrows(GuestException.class, () -> console.await("@never", LIMIT));

        assertTrue(String.valueOf(failure.getMessage()).endsWith("first\nlast words"));
    }

    @Test
    void shouldFailAtOnceWhenTheGuestFailsOrPanics() throws Exception {
        for (final String line : List.of("@verdict fail", "[ 1.0] Kernel panic - not syncing")) {
            // The other end stays open: only the line itself can end the wait.
            try (PipedOutputStream guest = new PipedOutputStream();
                    PipedInputStream pipe = new PipedInputStream(guest)) {
                final Console console = new Console("the guest", pipe, text -> {});
                guest.write((line + "\n").getBytes(StandardCharsets.UTF_8));
                guest.flush();

                assertThrows(GuestException.class, () -> console.await("@verdict pass", LIMIT));
            }
        }
    }

    @Test
    void shouldFailWhenTheLimitIsOver() throws Exception {
        try (PipedOutputStream guest = new PipedOutputStream();
                PipedInputStream pipe = new PipedInputStream(guest)) {
            final Console console = new Console("the guest", pipe, text -> {});

            assertThrows(GuestException.class, () -> console.await("@x", Duration.ZERO));
        }
    }

    @Test
    void shouldTellTheListenerEveryLine() throws Exception {
        final List<String> heard = new ArrayList<>();
        final byte[] bytes = "one\ntwo\n".getBytes(StandardCharsets.UTF_8);
        final Console console =
                new Console("the guest", new ByteArrayInputStream(bytes), heard::add);

        assertTrue(console.awaitEnd(LIMIT));

        assertEquals(List.of("one", "two"), heard);
    }

    private static Console console(final String text) {
        return new Console(
                "the guest",
                new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
                line -> {});
    }
}
