package dev.ringside.virtio.blk;

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
class BlkExerciserTest {
    private static final int INPUTS = 300;

    static Stream<byte[]> seeds() throws IOException {
        try (InputStream file =
                Objects.requireNonNull(BlkExerciserTest.class.getResourceAsStream("seeds.hex"))) {
            return new String(file.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> HexFormat.of().parseHex(line.replace(" ", "")));
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shouldSurviveSeed(byte[] seed) {
        assertDoesNotThrow(() -> BlkExerciser.run(seed));
    }

    @Test
    void shouldSurviveAnyBytes() {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println("BlkExerciserTest: replay with -Dringside.seed=" + seed);
        Random random = new Random(seed);
        for (int i = 0; i < INPUTS; i++) {
            byte[] input = new byte[random.nextInt(500)];
            random.nextBytes(input);
            assertDoesNotThrow(() -> BlkExerciser.run(input));
        }
    }
}
