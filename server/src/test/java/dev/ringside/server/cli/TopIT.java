package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ringside top} at a running process: into a file, and in a terminal. */
@Timeout(120)
final class TopIT {
    @TempDir private Path folder = Path.of("/nonexistent");
    private RingsideChild serving;

    @BeforeEach
    void serve() throws IOException {
        serving =
                RingsideChild.start(
                        "blk",
                        "--socket-path=" + folder.resolve("d.sock"),
                        "--backend=memory:size=64M",
                        "--num-queues=2",
                        "--control-socket=" + folder.resolve("control"));
        serving.awaitReady();
    }

    @AfterEach
    void end() {
        serving.close();
    }

    private String control() {
        return "--control-socket=" + folder.resolve("control");
    }

    private BlkDriver connect() throws IOException {
        return BlkDriver.start(
                FrontendConnection.connect(folder.resolve("d.sock")),
                FrontendMemory.likePc(32 << 20),
                BlkOptions.defaults().queues(2));
    }

    @Test
    void shouldShowOneViewWithoutEscapeSequences() throws Exception {
        try (BlkDriver driver = connect();
                RingsideChild top = RingsideChild.start("top", control(), "--once")) {
            BlkLoad.Running load = new BlkLoad(driver, LoadOptions.verified(4)).start();
            assertEquals(0, top.awaitExit(), top.lines().toString());
            String shown = top.output();

            assertEquals(0, load.stopAndJoin().mismatches());
            assertTrue(shown.startsWith("ringside "), shown);
            assertTrue(shown.contains(", process " + serving.pid() + ", up "), shown);
            assertTrue(shown.contains("\nd       disk  connected  2 running  "), shown);
            assertTrue(shown.contains("iB  "), shown);
            assertFalse(shown.contains("\u001b"), shown);
            String pictures = System.getProperty("ringside.pictures");
            if (pictures != null) {
                draw(shown, Path.of(pictures).resolve("top.png"));
            }
        }
    }

    @Test
    void shouldFillATerminalAndGiveItBack() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String command =
                String.join(
                        " ",
                        List.of(
                                // Tests in the background of a script ignore Ctrl-C; so would it.
                                "stty rows 10 cols 60; exec env --default-signal=INT",
                                java,
                                "--enable-native-access=dev.ringside.shm",
                                "-p",
                                "'" + System.getProperty("jdk.module.path") + "'",
                                "-m",
                                "dev.ringside.server/dev.ringside.server.cli.Main",
                                "top",
                                "'" + control() + "'"));
        Process terminal =
                new ProcessBuilder("script", "-qefc", command, "/dev/null")
                        .redirectErrorStream(true)
                        .start();
        StringBuilder seen = new StringBuilder();
        byte[] bytes = new byte[4096];
        while (seen.toString().split("\u001b\\[H", -1).length < 4) {
            int count = terminal.getInputStream().read(bytes);
            assertTrue(count > 0, seen.toString());
            seen.append(new String(bytes, 0, count, UTF_8));
        }
        // Ctrl-C, as the terminal hears it.
        terminal.getOutputStream().write(3);
        terminal.getOutputStream().flush();
        seen.append(new String(terminal.getInputStream().readAllBytes(), UTF_8));

        assertEquals(0, terminal.waitFor(), seen.toString());
        String all = seen.toString();
        assertTrue(all.contains("\u001b[?1049h\u001b[?25l\u001b[Hringside "), all);
        assertTrue(all.stripTrailing().endsWith("\u001b[?25h\u001b[?1049l"), all);
        String frame = all.split("\u001b\\[H", -1)[2];
        List<String> lines = frame.split("\u001b\\[J", -1)[0].lines().toList();
        assertTrue(lines.size() <= 10, frame);
        for (String line : lines) {
            assertTrue(line.replace("\u001b[K", "").length() <= 60, line);
        }
        assertTrue(frame.contains("d       disk  none       2 stopped"), frame);
    }

    @Test
    void shouldSayWhenThereIsNothingToLookAt() throws Exception {
        try (RingsideChild nothing = RingsideChild.start("top");
                RingsideChild nobody =
                        RingsideChild.start("top", "--control-socket=" + folder.resolve("no"));
                RingsideChild never = RingsideChild.start("top", control(), "--interval=0")) {
            nothing.assertRefusesToStart("there is no process to look at", "--control-socket");
            nobody.assertRefusesToStart("No such file");
            never.assertRefusesToStart("--interval=0 is not a number from 1 to 3600");
        }
    }

    private void draw(String shown, Path picture) throws IOException {
        Path page = folder.resolve("top.html");
        String text = shown.replace("&", "&amp;").replace("<", "&lt;");
        Files.writeString(
                page,
                "<body style='margin:0;background:#14181c;color:#e6e9ed'><pre style='margin:0;"
                        + "padding:16px;font:13px/1.45 monospace'>$ ringside top"
                        + " --control-socket=/run/ringside/control\n"
                        + text
                        + "</pre>");
        try (Browser browser = Browser.start(Files.createDirectory(folder.resolve("browser")))) {
            browser.open(page.toUri().toString());
            browser.picture(picture);
        }
    }
}
