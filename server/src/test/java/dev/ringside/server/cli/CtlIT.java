package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.shm.EventFd;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ringside ctl} at a running process. */
@Timeout(120)
final class CtlIT {
    @TempDir private Path folder = Path.of("/nonexistent");
    private RingsideChild serving;
    private String ready = "";

    @BeforeEach
    void serve() throws IOException {
        serving =
                RingsideChild.start(
                        "blk",
                        "--socket-path=" + folder.resolve("d.sock"),
                        "--backend=memory:size=16M",
                        "--num-queues=4",
                        "--metrics-port=0",
                        "--control-socket=" + folder.resolve("control"));
        ready = serving.awaitReady();
    }

    @AfterEach
    void end() {
        serving.close();
    }

    private String ctl(String... words) throws Exception {
        return new Ctl(folder.resolve("control")).run(words);
    }

    private BlkDriver connect() throws IOException {
        return BlkDriver.start(
                FrontendConnection.connect(folder.resolve("d.sock")),
                FrontendMemory.likePc(16 << 20),
                BlkOptions.defaults().queues(2));
    }

    private boolean brokenInMetrics() throws IOException {
        return RingsideChild.metrics(ready)
                .lines()
                .filter(line -> line.startsWith("ringside_queue_broken_timestamp_seconds{"))
                .anyMatch(line -> !line.endsWith(" 0") && !line.endsWith(" 0.0"));
    }

    @Test
    void shouldSayWhichQueueIsBrokenWhyAndSinceWhen() throws Exception {
        Instant before = Instant.now().minus(Duration.ofSeconds(2));
        String socket = folder.resolve("d.sock").toString();
        assertEquals(
                """
                DEVICE  KIND  FRONT-END  QUEUES     MEMORY  SOCKET
                d       disk  none       4 stopped  0 MiB   %s
                """
                        .formatted(socket),
                ctl("list"));

        try (BlkDriver driver = connect();
                EventFd err = EventFd.create()) {
            String list = ctl("list");
            assertTrue(list.contains("\nd       disk  connected  2 running  32 MiB"), list);
            driver.protocol().needReply(true);
            driver.protocol().setVringErr(1, err);
            driver.queue(1).ring().availableIndex(0x8000);
            driver.queue(1).kick();
            while (err.drain() == 0) {
                Thread.onSpinWait();
            }

            assertTrue(ctl("list").contains("1 running, 1 broken"), ctl("list"));
            String shown = ctl("show", "d");
            assertTrue(shown.startsWith("disk d: front-end connected on " + socket), shown);
            assertTrue(shown.contains("available_index since 2"), shown);
            JsonNode queue =
                    new ObjectMapper()
                            .readTree(ctl("show", "d", "--output=json"))
                            .get("queues")
                            .get(1);
            assertEquals("broken", queue.get("state").asText());
            assertEquals("available_index", queue.get("fault").asText());
            Instant since = Instant.parse(queue.get("since").asText());
            assertTrue(since.isAfter(before) && !since.isAfter(Instant.now()), since.toString());
            assertTrue(brokenInMetrics());
        }

        try (BlkDriver another = connect()) {
            assertEquals(2, another.queues().size());
            assertTrue(ctl("list").contains("2 running"), ctl("list"));
            assertFalse(brokenInMetrics());
        }
    }

    @Test
    void shouldSayWhatCanBeAsked() throws Exception {
        String control = "--control-socket=" + folder.resolve("control");
        try (RingsideChild wrong = RingsideChild.start("ctl", control, "fix");
                RingsideChild unknown = RingsideChild.start("ctl", control, "show", "x");
                RingsideChild nobody =
                        RingsideChild.start(
                                "ctl", "--control-socket=" + folder.resolve("no"), "list")) {
            wrong.assertRefusesToStart("'fix' is no verb", "list");
            assertEquals(1, unknown.awaitExit());
            assertEquals(
                    List.of("ringside: refused: there is no device x: there are d"),
                    unknown.lines());
            nobody.assertRefusesToStart("No such file");
        }
    }
}
