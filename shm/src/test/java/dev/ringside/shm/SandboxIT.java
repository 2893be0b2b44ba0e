package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sandbox from inside: {@link SandboxChild} tries to get out. */
class SandboxIT {
    @TempDir private Path folder = Path.of("/nonexistent");

    @Test
    void shouldHoldForEveryThreadAndLeaveWhatIsNeeded() throws Exception {
        Files.writeString(folder.resolve("allowed"), "");
        Files.writeString(folder.resolve("forbidden"), "");

        ChildJvm.Outcome outcome = ChildJvm.run(SandboxChild.class, List.of(), folder.toString());

        assertEquals(0, outcome.status(), outcome.output());
        assertTrue(outcome.output().contains("confined: Landlock"), outcome.output());
        assertTrue(outcome.output().contains("no capabilities"), outcome.output());
        assertEquals("written", Files.readString(folder.resolve("allowed")));
    }
}
