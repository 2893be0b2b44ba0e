package dev.ringside.virtio.net.offload;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Any bytes as a frame, with any claims about it. What it finds goes into FrameSeedsTest, which the
 * unit tests replay.
 */
class FrameFuzzTest {
    @MethodSource("dev.ringside.virtio.net.offload.FrameSeedsTest#seeds")
    @FuzzTest(maxDuration = "${fuzz.duration}")
    void shouldSurvive(byte[] input) {
        FrameExerciser.run(input);
    }
}
