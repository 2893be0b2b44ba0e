package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * ZGC collects without end while more lives than its soft limit allows: an idle process with many
 * disks took more than a core. Seen with a limit that a process with one disk is above.
 */
final class HeapRoomIT {
    private static final long TOO_LITTLE = 8L << 20;
    private static final int MOST_COLLECTIONS = 50;
    private static final Pattern LIMIT = Pattern.compile("-XX:SoftMaxHeapSize=(\\d+)");

    @TempDir private Path folder = Path.of("/nonexistent");

    @Test
    void shouldRaiseTheHeapsLimitWhenMoreLives() throws Exception {
        Map<String, String> environment =
                Map.of("JDK_JAVA_OPTIONS", "-XX:+UseZGC -XX:SoftMaxHeapSize=" + TOO_LITTLE);
        try (var child =
                RingsideChild.start(
                        List.of(),
                        environment,
                        "blk",
                        "--socket-path=" + folder.resolve("disk.sock"),
                        "--backend=null:size=1M")) {
            String unused = child.awaitReady();
            long limit = 0;
            for (int i = 0; i < MOST_COLLECTIONS && limit <= TOO_LITTLE; i++) {
                unused = ask(child, "GC.run");
                limit = limit(ask(child, "VM.flags"));
            }
            assertTrue(limit > TOO_LITTLE, "the limit is still " + limit);
        }
    }

    private static long limit(String flags) {
        var found = LIMIT.matcher(flags);
        assertTrue(found.find(), flags);
        return Long.parseLong(found.group(1));
    }

    private static String ask(RingsideChild child, String question)
            throws IOException, InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        Process process =
                new ProcessBuilder(jcmd.toString(), Long.toString(child.pid()), question)
                        .redirectErrorStream(true)
                        .start();
        String answer = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), answer);
        return answer;
    }
}
