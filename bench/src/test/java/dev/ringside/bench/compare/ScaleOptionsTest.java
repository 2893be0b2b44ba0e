package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is measured of processes with many disks. */
final class ScaleOptionsTest {
    private static ScaleOptions parse(String... arguments) {
        return ScaleOptions.parse(Path.of("/nowhere"), new Arguments(List.of(arguments)));
    }

    @Test
    void shouldMeasureAllBesideQemu() {
        ScaleOptions options = parse();
        assertInstanceOf(QemuDisk.class, options.peer());
        assertEquals(EnumSet.allOf(ScaleOptions.Part.class), options.parts());
        assertEquals(List.of(1, 10, 25, 50, 100), options.steps());
    }

    @Test
    void shouldMeasureWhatIsAskedFor() {
        ScaleOptions options = parse("--case=wake", "--devices=10", "--pairs=3");
        assertEquals(Set.of(ScaleOptions.Part.WAKE), options.parts());
        assertEquals(List.of(1, 10), options.steps());
        assertEquals(3, options.pace().pairs());
    }

    @Test
    void shouldRejectWhatItDoesNotKnow() {
        assertThrows(IllegalArgumentException.class, () -> parse("--case=null"));
        assertThrows(IllegalArgumentException.class, () -> parse("--depth=1"));
        assertThrows(IllegalArgumentException.class, () -> parse("--spdk=vhost"));
    }
}
