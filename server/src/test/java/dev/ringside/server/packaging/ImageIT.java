package dev.ringside.server.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import java.io.BufferedReader;
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

    @Test
    void shouldServeFromAContainerWithoutAnyRight() throws Exception {
        Path sockets = Files.createDirectory(folder.resolve("sockets"));
        Path configuration = Files.createDirectory(folder.resolve("configuration"));
        Files.writeString(configuration.resolve("ringside.toml"), CONFIGURATION);
        OciBundle bundle =
                OciBundle.unpack(
                        Programs.make("image", folder),
                        folder,
                        Map.of("/run/ringside", sockets, "/etc/ringside", configuration),
                        List.of("serve", "/etc/ringside/ringside.toml"));
        String container = "ringside-" + ProcessHandle.current().pid();

        Process process = bundle.run(container);

        try (BufferedReader messages = process.errorReader()) {
            String ready = String.valueOf(messages.readLine());
            assertTrue(ready.startsWith("ringside: ready: "), ready);
            try (BlkDriver _ = Programs.drive(sockets.resolve("d.sock"))) {
                String control = "--control-socket=/run/ringside/control";
                String listed = bundle.exec(container, "ringside", "ctl", control, "list");
                assertTrue(listed.contains("connected"), listed);
            }
            // With this option a JVM that cannot use its archive does not start.
            String archived =
                    bundle.exec(
                            container,
                            "/bin/busybox",
                            "env",
                            "RINGSIDE_JAVA_OPTS=-Xshare:on",
                            "ringside",
                            "version");
            assertEquals("ringside 0.1.0\n", archived);
            bundle.signal(container, "TERM");
            assertTrue(
                    String.valueOf(messages.readLine()).startsWith("ringside: stopped: SIGTERM"));
            assertEquals(0, process.waitFor());
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
