package dev.ringside.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;

/**
 * Any bytes on the socket, with any descriptors. Runs with {@code -Pfuzz -Dtest=SessionFuzz}; its
 * findings go into seeds.hex.
 */
class SessionFuzz {
    @FuzzTest(maxDuration = "5m")
    void shouldSurvive(byte[] input) {
        int before = Leaks.descriptorCount();
        SessionExerciser.run(input);
        assertEquals(before, Leaks.descriptorCount());
    }
}
