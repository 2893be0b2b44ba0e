package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the fuzz target begins with and has found, and a little of what it does. */
class NicExerciserTest {
    private static final int INPUTS = 150;

    static Stream<byte[]> seeds() throws IOException {
        try (InputStream file =
                Objects.requireNonNull(NicExerciserTest.class.getResourceAsStream("seeds.hex"))) {
            return new String(file.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> HexFormat.of().parseHex(line.replace(" ", "")));
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shouldSurviveSeed(byte[] seed) {
        assertDoesNotThrow(() -> NicExerciser.run(seed));
    }

    @Test
    void shouldSurviveAnyBytes() {
        Random random = TestSeeds.random("NicExerciserTest");
        for (int i = 0; i < INPUTS; i++) {
            byte[] input = new byte[random.nextInt(2000)];
            random.nextBytes(input);
            assertDoesNotThrow(() -> NicExerciser.run(input));
        }
    }
}
