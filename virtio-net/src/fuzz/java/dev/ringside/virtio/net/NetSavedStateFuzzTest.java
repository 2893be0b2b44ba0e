package dev.ringside.virtio.net;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Any bytes as a NIC's saved state, which comes from a front-end. */
class NetSavedStateFuzzTest {
    static Stream<byte[]> seeds() {
        return Stream.of(NetSavedState.encode(NetSavedStateTest.everythingChosen()));
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "${fuzz.duration}")
    void shouldTakeOrRefuse(byte[] input) {
        NetSavedStateTest.isTaken(input);
    }
}
