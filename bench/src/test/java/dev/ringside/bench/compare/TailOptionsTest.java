package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Of what rare latencies are measured. */
final class TailOptionsTest {
    private static CompareOptions parse(String... arguments) {
        return TailOptions.parse(Path.of("/nowhere"), new Arguments(List.of(arguments)));
    }

    @Test
    void shouldHaveOneRequestInFlightWhereNoMediumIsTheLimit() {
        CompareOptions options = parse();
        assertEquals(List.of(1), options.depths());
        assertEquals(List.of(Storage.NULL, Storage.TMPFS), options.storages());
    }

    @Test
    void shouldMeasureWhatIsAskedFor() {
        CompareOptions options = parse("--depth=32", "--case=file");
        assertEquals(List.of(32), options.depths());
        assertEquals(List.of(Storage.FILE), options.storages());
    }
}
