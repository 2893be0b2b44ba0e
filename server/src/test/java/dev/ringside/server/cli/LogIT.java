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
import dev.ringside.server.options.ExitCode;
import dev.ringside.shm.EventFd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The log of a process: its format, and what is written at which level. */
@Timeout(120)
final class LogIT {
    /** The flags of a socket that accepts connections (unix_seq_show: __SO_ACCEPTCON). */
    private static final String LISTENING = "00010000";

    @TempDir private Path folder = Path.of("/nonexistent");

    private RingsideChild serve(String... more) throws IOException {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "blk",
                                "--socket-path=" + folder.resolve("d.sock"),
                                "--backend=memory:size=16M",
                                "--num-queues=2"));
        arguments.addAll(List.of(more));
        return RingsideChild.start(arguments.toArray(String[]::new));
    }

    private void breakARing() throws IOException {
        try (BlkDriver driver =
                        BlkDriver.start(
                                FrontendConnection.connect(folder.resolve("d.sock")),
                                FrontendMemory.likePc(16 << 20),
                                BlkOptions.defaults().queues(2));
                EventFd err = EventFd.create()) {
            driver.protocol().needReply(true);
            driver.protocol().setVringErr(1, err);
            driver.queue(1).ring().availableIndex(0x8000);
            driver.queue(1).kick();
            while (err.drain() == 0) {
                Thread.onSpinWait();
            }
        }
    }

    /** The next line about a topic; every line must be JSON. */
    private static JsonNode await(RingsideChild child, String topic) throws IOException {
        while (true) {
            JsonNode line = new ObjectMapper().readTree(child.await("{"));
            if (line.get("topic").asText().equals(topic)) {
                return line;
            }
        }
    }

    /** Waits without a line that says so: there is a file, and then there is a listener. */
    private void awaitListening() throws IOException {
        Pattern listening =
                Pattern.compile(
                        LISTENING + " .* " + Pattern.quote(folder.resolve("d.sock").toString()));
        while (!listening.matcher(Files.readString(Path.of("/proc/net/unix"))).find()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void shouldWriteJsonWithWhatALineIsAbout() throws Exception {
        try (RingsideChild child = serve("--log-format=json", "--log-level=debug")) {
            Instant before = Instant.now().minusSeconds(60);
            JsonNode ready = await(child, "ready");
            assertEquals("info", ready.get("level").asText());
            assertTrue(ready.get("message").asText().startsWith("ready: disk d: memory"));
            assertTrue(Instant.parse(ready.get("time").asText()).isAfter(before));

            breakARing();

            JsonNode came = await(child, "session");
            assertEquals("debug", came.get("level").asText());
            assertEquals("d", came.get("device").asText());
            JsonNode ring = await(child, "ring");
            while (!ring.get("level").asText().equals("warning")) {
                assertTrue(ring.get("message").asText().endsWith("starts"), ring.toString());
                ring = await(child, "ring");
            }
            assertEquals(1, ring.get("queue").asInt());
            assertEquals("d", ring.get("device").asText());
            assertEquals(
                    "device d: queue 1 stopped: available_index", ring.get("message").asText());
            assertTrue(await(child, "session").get("message").asText().endsWith("has gone"));

            child.signal("TERM");
            assertTrue(await(child, "stop").get("message").asText().startsWith("stopped: SIGTERM"));
            assertEquals(0, child.awaitExit());
        }
    }

    @Test
    void shouldWriteOnlyWhatTheLevelAsksFor() throws Exception {
        try (RingsideChild child = serve("--log-level=warning")) {
            awaitListening();
            breakARing();
            child.await("ringside: warning: device d: queue 1 stopped: available_index");
            child.signal("TERM");

            assertEquals(0, child.awaitExit());
            assertEquals(1, child.lines().size(), child.lines().toString());
        }
    }

    @Test
    void shouldSayInJsonWhyItCannotStart() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                RingsideChild child =
                        serve("--log-format=json", "--metrics-port=" + taken.getLocalPort())) {
            assertEquals(ExitCode.CONFIG, child.awaitExit());
            JsonNode line = new ObjectMapper().readTree(child.lines().getFirst());
            assertEquals("error", line.get("level").asText());
            assertTrue(line.get("message").asText().contains("cannot be bound"), line.toString());
            assertEquals(1, child.lines().size());
        }
    }

    @Test
    void shouldRefuseOtherFormatsAndLevels() throws Exception {
        try (RingsideChild format = serve("--log-format=xml");
                RingsideChild level = serve("--log-level=loud")) {
            format.assertRefusesToStart("--log-format=xml is not one of text, json");
            level.assertRefusesToStart(
                    "--log-level=loud is not one of debug, info, warning, error");
            assertFalse(folder.resolve("d.sock").toFile().exists());
        }
    }
}
