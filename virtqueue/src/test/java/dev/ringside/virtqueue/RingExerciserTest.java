package dev.ringside.virtqueue;

import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** What the fuzzer does, with random bytes. */
final class RingExerciserTest {
    @Test
    void shouldSurviveAnyBytes() throws Exception {
        RandomGenerator random = TestSeed.generator("shouldSurviveAnyBytes");
        for (int i = 0; i < 2_000; i++) {
            byte[] input = new byte[random.nextInt(1200)];
            random.nextBytes(input);
            RingExerciser.run(input);
        }
    }
}
