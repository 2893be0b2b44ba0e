package dev.ringside.virtio.net;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Any bytes as what a hostile driver does: headers, layouts, commands, receive buffers. */
class NicFuzzTest {
    @FuzzTest(maxDuration = "2m")
    void shouldSurvive(byte[] input) {
        NicExerciser.run(input);
    }
}
