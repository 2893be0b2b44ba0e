package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class TimerSlackTest {
    private static final String NAME = "late-sleeper";

    // A thread may always set its own.
    @Test
    void shouldSetItForThreadsOfThatNameOnly() throws Exception {
        String others = slackNs();
        FutureTask<String> late =
                new FutureTask<>(
                        () -> {
                            assertEquals(1, TimerSlack.setForThreads(NAME, 7_000_000));
                            return slackNs();
                        });
        Thread.ofPlatform().name(NAME).start(late);

        assertEquals("7000000", late.get());
        assertEquals(others, slackNs());
        assertEquals(0, TimerSlack.setForThreads("nobody", 7_000_000));
    }

    @Test
    void shouldRejectNoTimeAtAll() {
        assertThrows(IllegalArgumentException.class, () -> TimerSlack.setForThreads(NAME, 0));
    }

    private static String slackNs() throws Exception {
        String thread = Path.of("/proc/thread-self").toRealPath().getFileName().toString();
        return Files.readString(Path.of("/proc", thread, "timerslack_ns")).strip();
    }
}
