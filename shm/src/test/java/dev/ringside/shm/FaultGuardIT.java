package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory vanishes under child JVMs: they live, and only the region is lost. */
class FaultGuardIT {
    /** What runs the accesses when the memory vanishes. */
    enum Compilation {
        INTERPRETER("-Xint", "-DwarmUp=3"),
        C1("-XX:TieredStopAtLevel=1", "-Xbatch"),
        C2("-XX:-TieredCompilation", "-Xbatch");

        private final String first;
        private final String second;

        Compilation(String first, String second) {
            this.first = first;
            this.second = second;
        }

        List<String> flags() {
            return List.of(first, second);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldSurviveEveryAccessShapeWhenMemoryIsTruncated(Compilation compilation)
            throws Exception {
        ChildJvm.Outcome outcome = run(compilation.flags(), "shapes");

        assertEquals(0, outcome.status(), outcome.output());
        assertTrue(outcome.output().contains("survived shapes"), outcome.output());
    }

    @ParameterizedTest
    @ValueSource(strings = {"kernel", "several", "race", "huge", "elsewhere"})
    void shouldSurviveScenarioWhenMemoryVanishes(String scenario) throws Exception {
        ChildJvm.Outcome outcome = run(List.of(), scenario);

        assertEquals(0, outcome.status(), outcome.output());
        assertTrue(outcome.output().contains("survived " + scenario), outcome.output());
    }

    @Test
    void shouldDieOfMemcpyWhenThereIsNoGuard() throws Exception {
        ChildJvm.Outcome outcome = run(List.of(), "unguarded", "MEMCPY_OUT");

        assertNotEquals(0, outcome.status());
        assertTrue(outcome.output().contains("SIGBUS"), outcome.output());
    }

    @Test
    void shouldDieOfWidenedLoadWhenThereIsNoGuard() throws Exception {
        ChildJvm.Outcome outcome = run(Compilation.C2.flags(), "unguarded", "GET_INT_AS_LONG");

        assertNotEquals(0, outcome.status());
    }

    private static ChildJvm.Outcome run(List<String> flags, String... arguments) throws Exception {
        return ChildJvm.run(FaultGuardChild.class, flags, arguments);
    }
}
