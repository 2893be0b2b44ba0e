package dev.ringside.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An IOMMU and its driver that do anything while a ring runs. What it finds goes into iotlb.hex,
 * which the unit tests replay.
 */
class IotlbFuzzTest {
    @MethodSource("dev.ringside.vhostuser.IotlbSeedsTest#seeds")
    @FuzzTest(maxDuration = "${fuzz.duration}")
    void shouldUseNothingThatWasTakenBack(byte[] input) {
        int before = Leaks.descriptorCount();

        IotlbExerciser.run(input);

        assertEquals(before, Leaks.descriptorCount());
    }
}
