package dev.ringside.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;

/** Asks the JDK which of the modules that bin/ringside starts need native access. */
final class NativeAccessIT {
    @Test
    void shouldNeedNativeAccessInShmOnly() {
        Path modules = SourceTree.root().resolve("server/target/modules");
        ToolProvider scan = ToolProvider.findFirst("jnativescan").orElseThrow();
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();

        int status =
                scan.run(
                        new PrintWriter(out),
                        new PrintWriter(err),
                        "--module-path",
                        modules.toString(),
                        "--add-modules",
                        "dev.ringside.server",
                        "--print-native-access");

        assertEquals(0, status, () -> "jnativescan of " + modules + ": " + out + err);
        assertEquals("dev.ringside.shm", out.toString().trim());
    }
}
