package dev.ringside.virtqueue;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Any bytes as a ring of either layout. */
class RingFuzzTest {
    @FuzzTest(maxDuration = "${fuzz.duration}")
    void shouldSurvive(byte[] input) throws Exception {
        RingExerciser.run(input);
    }
}
