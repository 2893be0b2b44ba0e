package dev.ringside.server.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ServiceManagerTest {
    private static final String MINE = "" + ProcessHandle.current().pid();

    @ParameterizedTest
    @CsvSource({
        "3000000, MINE, 3000000",
        "3000000, , 3000000",
        "3000000, 1, 0",
        ", MINE, 0",
        "-1, MINE, 0",
        "soon, MINE, 0"
    })
    void shouldTakeTheTimeThatIsMeantForThisProcess(
            @Nullable String time, @Nullable String pid, long expectedUs) {
        String whose = "MINE".equals(pid) ? MINE : pid;

        assertEquals(expectedUs, ServiceManager.watchdogUs(time, whose));
    }
}
