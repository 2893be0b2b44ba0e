package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** systemd's own tools read the unit, in a root of its own: that Ringside need not be installed. */
final class UnitFileIT {
    private static final Path UNITS = Path.of("../packaging/systemd");
    private static final String UNIT = "ringside@vm1.service";

    /** Tenths of systemd's measure, of which 100 is a service without any protection. */
    private static final int MAX_EXPOSURE = 15;

    @TempDir private Path root = Path.of("/nonexistent");

    @BeforeEach
    void install() throws IOException {
        Path units = Files.createDirectories(root.resolve("etc/systemd/system"));
        for (String unit : List.of("ringside@.service", "ringside@.socket")) {
            Files.copy(UNITS.resolve(unit), units.resolve(unit));
        }
        for (String program : List.of("opt/ringside/bin/ringside", "bin/kill")) {
            Path file = root.resolve(program);
            Files.createDirectories(file.resolveSibling("."));
            Files.writeString(file, "#!/bin/sh\n");
            assertTrue(file.toFile().setExecutable(true));
        }
        Path system = Path.of("/usr/lib/systemd/system");
        Path copies = Files.createDirectories(root.resolve("usr/lib/systemd/system"));
        try (var targets = Files.newDirectoryStream(system, "*.target")) {
            for (Path target : targets) {
                Files.copy(target, copies.resolve(target.getFileName().toString()));
            }
        }
    }

    private String analyze(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("systemd-analyze", "--root=" + root));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @Test
    void shouldBeReadBySystemdWithoutAWord() throws Exception {
        assertEquals("", analyze("verify", "--man=no", UNIT));
        assertEquals("", analyze("verify", "--man=no", "ringside@vm1.socket"));
    }

    @Test
    void shouldExposeLittle() throws Exception {
        String output = analyze("security", "--offline=true", "--no-pager", UNIT);

        var level = Pattern.compile("Overall exposure level[^:]*: (\\d+)\\.(\\d)").matcher(output);
        assertTrue(level.find(), output);
        int tenths = 10 * Integer.parseInt(level.group(1)) + Integer.parseInt(level.group(2));
        assertTrue(tenths <= MAX_EXPOSURE, output);
    }
}
