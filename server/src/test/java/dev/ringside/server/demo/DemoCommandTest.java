package dev.ringside.server.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DemoCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void shouldPrintItsOptionsWhenAskedForHelp() throws Exception {
        assertEquals(0, run("--help"));

        final String help = out.toString(StandardCharsets.UTF_8);
        assertTrue(help.contains("--keep"), help);
        assertTrue(help.contains("--dir=DIR"), help);
    }

    @Test
    void shouldEndWith78WhenAnOptionIsUnknown() throws Exception {
        assertEquals(78, run("--nonsense"));

        final String message = err.toString(StandardCharsets.UTF_8);
        assertTrue(message.contains("--nonsense"), message);
        assertTrue(message.contains("ringside demo --help"), message);
    }

    @Test
    void shouldEndWith78WhenTheNetworkIsOfNoKnownKind() throws Exception {
        assertEquals(78, run("--network=carrier-pigeon"));

        final String message = err.toString(StandardCharsets.UTF_8);
        assertTrue(message.contains("--network=carrier-pigeon"), message);
        assertTrue(message.contains("auto, tap, passt, switch"), message);
    }

    private int run(final String... arguments) throws InterruptedException {
        return DemoCommand.run(
                List.of(arguments),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }
}
