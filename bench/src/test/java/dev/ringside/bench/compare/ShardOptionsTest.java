package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is measured of shards, and where they run. */
final class ShardOptionsTest {
    private static ShardOptions parse(String... arguments) {
        return ShardOptions.parse(Path.of("/nowhere"), new Arguments(List.of(arguments)));
    }

    @Test
    void shouldShareTheProcessorThatTheFrontEndLeaves() {
        assertEquals("1", parse().cpus());
        assertTrue(parse().shared());
        assertEquals(List.of(1, 32, 128), parse().depths());
    }

    @Test
    void shouldSpreadWhereItIsTold() {
        assertFalse(parse("--cpus=1,2").shared());
        assertFalse(parse("--cpus=1-2").shared());
        assertEquals(List.of(8), parse("--depth=8").depths());
    }
}
