package dev.ringside.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;

/**
 * Any bytes on the socket, with any descriptors. What it finds goes into seeds.hex, which the unit
 * tests replay.
 */
class SessionFuzzTest {
    @FuzzTest(maxDuration = "2m")
    void shouldSurvive(byte[] input) {
        int before = Leaks.descriptorCount();

        SessionExerciser.run(input);

        assertEquals(before, Leaks.descriptorCount());
    }
}
