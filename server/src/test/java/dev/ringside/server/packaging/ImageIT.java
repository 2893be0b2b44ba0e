package dev.ringside.server.packaging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The OCI image, in a container without any right. */
@Timeout(600)
final class ImageIT {
    private static final String CONFIGURATION =
            """
            [server]
            control-socket = "/run/ringside/control"
            sandbox = true

            [disk.d]
            socket-path = "/run/ringside/d.sock"
            backend = "memory:size=16M"
            """;

    @TempDir private Path folder = Path.of("/nonexistent");

    private Path build() throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(Path.of("../bin/image").toString(), folder.toString())
                        .redirectError(folder.resolve("messages").toFile())
                        .start();
        String printed = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        assertEquals(0, process.waitFor(), Files.readString(folder.resolve("messages")));
        return Path.of(printed);
    }

    @Test
    void shouldServeFromAContainerWithoutAnyRight() throws Exception {
        Path sockets = Files.createDirectory(folder.resolve("sockets"));
        Path configuration = Files.createDirectory(folder.resolve("configuration"));
        Files.writeString(configuration.resolve("ringside.toml"), CONFIGURATION);
        OciBundle bundle =
                OciBundle.unpack(
                        build(),
                        folder,
                        Map.of("/run/ringside", sockets, "/etc/ringside", configuration),
                        List.of("serve", "/etc/ringside/ringside.toml"));
        String container = "ringside-" + ProcessHandle.current().pid();

        Process process = bundle.run(container);

        try (BufferedReader messages = process.errorReader()) {
            String ready = String.valueOf(messages.readLine());
            assertTrue(ready.startsWith("ringside: ready: "), ready);
            try (BlkDriver driver =
                    BlkDriver.start(
                            FrontendConnection.connect(sockets.resolve("d.sock")),
                            FrontendMemory.likePc(16 << 20),
                            BlkOptions.defaults())) {
                LoadResult result =
                        new BlkLoad(driver, LoadOptions.verified(16).requests(2_000)).run();
                assertTrue(result.clean(), result.summary());
                String control = "--control-socket=/run/ringside/control";
                String listed = bundle.exec(container, "ringside", "ctl", control, "list");
                assertTrue(listed.contains("connected"), listed);
            }
            // With this option a JVM that cannot use its cache does not start.
            String cached =
                    bundle.exec(
                            container,
                            "/bin/busybox",
                            "env",
                            "RINGSIDE_JAVA_OPTS=-XX:AOTMode=on",
                            "ringside",
                            "version");
            assertEquals("ringside 0.1.0\n", cached);
            bundle.signal(container, "TERM");
            assertTrue(
                    String.valueOf(messages.readLine()).startsWith("ringside: stopped: SIGTERM"));
            assertEquals(0, process.waitFor());
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
