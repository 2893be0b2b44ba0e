package dev.ringside.virtio.blk;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Any bytes as what a hostile driver asks of a disk. What it finds goes into seeds.hex. */
class BlkFuzzTest {
    @MethodSource("dev.ringside.virtio.blk.BlkExerciserTest#seeds")
    @FuzzTest(maxDuration = "${fuzz.duration}")
    void shouldSurvive(byte[] input) {
        BlkExerciser.run(input);
    }
}
