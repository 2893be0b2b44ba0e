package dev.ringside.virtio.net;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Any bytes as what a hostile driver and front-end do: a loaded state, the configuration space,
 * headers, layouts, commands, receive buffers. What it finds goes into seeds.hex.
 */
class NicFuzzTest {
    @MethodSource("dev.ringside.virtio.net.NicExerciserTest#seeds")
    @FuzzTest(maxDuration = "${fuzz.duration}")
    void shouldSurvive(byte[] input) {
        NicExerciser.run(input);
    }
}
