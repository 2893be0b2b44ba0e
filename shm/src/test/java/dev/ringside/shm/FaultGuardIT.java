package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory vanishes under child JVMs: they live, and only the region is lost. */
class FaultGuardIT {
    private record Outcome(int status, String output) {}

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
        Outcome outcome = run(compilation.flags(), "shapes");

        assertEquals(0, outcome.status, outcome.output);
        assertTrue(outcome.output.contains("survived shapes"), outcome.output);
    }

    @ParameterizedTest
    @ValueSource(strings = {"kernel", "several", "race", "huge", "elsewhere"})
    void shouldSurviveScenarioWhenMemoryVanishes(String scenario) throws Exception {
        Outcome outcome = run(List.of(), scenario);

        assertEquals(0, outcome.status, outcome.output);
        assertTrue(outcome.output.contains("survived " + scenario), outcome.output);
    }

    @Test
    void shouldDieOfMemcpyWhenThereIsNoGuard() throws Exception {
        Outcome outcome = run(List.of(), "unguarded", "MEMCPY_OUT");

        assertNotEquals(0, outcome.status);
        assertTrue(outcome.output.contains("SIGBUS"), outcome.output);
    }

    @Test
    void shouldDieOfWidenedLoadWhenThereIsNoGuard() throws Exception {
        Outcome outcome = run(Compilation.C2.flags(), "unguarded", "GET_INT_AS_LONG");

        assertNotEquals(0, outcome.status);
    }

    private static Outcome run(List<String> flags, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(
                List.of(
                        "-Xmx64m",
                        "-XX:+UseSerialGC",
                        "-XX:-CreateCoredumpOnCrash",
                        "-XX:ErrorFile=/dev/null",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        String.join(File.pathSeparator, "target/classes", "target/test-classes"),
                        FaultGuardChild.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), output);
    }
}
