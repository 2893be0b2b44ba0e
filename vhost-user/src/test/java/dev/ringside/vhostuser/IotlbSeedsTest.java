package dev.ringside.vhostuser;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import java.io.IOException;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays inputs of the fuzz target, and what chance brings. */
class IotlbSeedsTest {
    private static final int INPUTS = Integer.getInteger("ringside.iotlb.inputs", 300);
    private static final int INPUT_BYTES = 1000;

    static Stream<byte[]> seeds() throws IOException {
        return SessionSeedsTest.seeds("iotlb.hex");
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shouldSurviveSeed(byte[] seed) {
        Leaks before = Leaks.count();

        assertDoesNotThrow(() -> IotlbExerciser.run(seed));

        before.assertNone();
    }

    @Test
    void shouldUseNothingThatWasTakenBackWhateverComes() {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println("IotlbSeedsTest: -Dringside.seed=" + seed);
        Random random = new Random(seed);
        Leaks before = Leaks.count();
        for (int i = 0; i < INPUTS; i++) {
            byte[] input = new byte[INPUT_BYTES];
            random.nextBytes(input);

            assertDoesNotThrow(
                    () -> IotlbExerciser.run(input), () -> HexFormat.of().formatHex(input));
        }
        before.assertNone();
    }
}
