package dev.ringside.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Any bytes on the socket, with any descriptors. What it finds goes into seeds.hex, which the unit
 * tests replay.
 */
class SessionFuzzTest {
    @MethodSource("dev.ringside.vhostuser.SessionSeedsTest#seeds")
    @FuzzTest(maxDuration = "${fuzz.duration}")
    void shouldSurvive(byte[] input) {
        int before = Leaks.descriptorCount();

        SessionExerciser.run(input);

        assertEquals(before, Leaks.descriptorCount());
    }
}
