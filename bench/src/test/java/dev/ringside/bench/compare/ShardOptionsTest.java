package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is measured of a disk over two shards. */
final class ShardOptionsTest {
    private static ShardOptions parse(String... arguments) {
        return ShardOptions.parse(Path.of("/nowhere"), new Arguments(List.of(arguments)));
    }

    @Test
    void shouldMeasureTheDepthsOfOtherComparisons() {
        assertEquals(List.of(1, 32, 128), parse().depths());
        assertEquals(List.of(8), parse("--depth=8").depths());
    }

    @Test
    void shouldRejectWhatItDoesNotKnow() {
        assertThrows(IllegalArgumentException.class, () -> parse("--peer=spdk"));
    }
}
