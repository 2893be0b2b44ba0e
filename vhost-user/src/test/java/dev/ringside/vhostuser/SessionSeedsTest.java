package dev.ringside.vhostuser;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays inputs of the fuzz target: those it begins with, and what it has found. */
class SessionSeedsTest {
    static Stream<byte[]> seeds() throws IOException {
        return seeds("seeds.hex");
    }

    /** The inputs in a file, one a line. */
    static Stream<byte[]> seeds(String name) throws IOException {
        InputStream file = Objects.requireNonNull(SessionSeedsTest.class.getResourceAsStream(name));
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(file, StandardCharsets.US_ASCII))) {
            List<byte[]> seeds =
                    lines.lines()
                            .filter(line -> !line.isBlank() && !line.startsWith("#"))
                            .map(line -> HexFormat.of().parseHex(line.replace(" ", "")))
                            .toList();
            return seeds.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shouldSurviveSeed(byte[] seed) {
        Leaks before = Leaks.count();

        assertDoesNotThrow(() -> SessionExerciser.run(seed));

        before.assertNone();
    }

    @Test
    void shouldSurviveEveryPrefixOfAStart() throws IOException {
        byte[] start = seeds().findFirst().orElseThrow();
        Leaks before = Leaks.count();
        for (int length = 0; length < start.length; length++) {
            byte[] prefix = new byte[length];
            System.arraycopy(start, 0, prefix, 0, length);

            assertDoesNotThrow(() -> SessionExerciser.run(prefix));
        }
        before.assertNone();
        assertNotNull(start);
    }
}
