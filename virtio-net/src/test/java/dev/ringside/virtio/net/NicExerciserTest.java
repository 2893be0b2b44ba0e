package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** A little of what the fuzz target does, in every build. The seed is printed. */
class NicExerciserTest {
    private static final int INPUTS = 150;

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
