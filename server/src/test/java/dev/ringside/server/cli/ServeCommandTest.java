package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ringside.server.config.ConfigKind;
import dev.ringside.server.config.ConfigTable;
import dev.ringside.server.options.OperatorException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ServeCommandTest {
    private static final ConfigTable DISK =
            new ConfigTable(ConfigKind.DISK, "a", 1, Map.of("--blk", "null:size=1M"));

    @Test
    void shouldLetAnUpgradeChangeThreadsAndNothingElse() throws Exception {
        List<ConfigTable> running = List.of(DISK);

        List<ConfigTable> merged = ServeCommand.merged(running, List.of("--shards=3"));

        assertEquals(
                List.of(new ConfigTable(ConfigKind.SERVER, "", 0, Map.of("--shards", "3")), DISK),
                merged);
        assertThrows(
                OperatorException.class,
                () -> ServeCommand.merged(running, List.of("--control-socket=/x")));
    }
}
