package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bytes that run are those that the sources in src/main/asm make. */
class MachineCodeIT {
    @TempDir private Path directory;

    @Test
    void shouldBeWhatTheAssemblerMakesWhenX86() throws Exception {
        assertEquals(assemble("fault-guard", "x86_64"), FaultGuardCode.X86_64);
    }

    @Test
    void shouldBeWhatTheAssemblerMakesWhenAarch64() throws Exception {
        assertEquals(assemble("fault-guard", "aarch64"), FaultGuardCode.AARCH64);
    }

    @Test
    void shouldBeWhatTheAssemblerMakesWhenCodeIsForEveryThread() throws Exception {
        assertEquals(assemble("every-thread", "x86_64"), EveryThreadCode.X86_64);
        assertEquals(assemble("every-thread", "aarch64"), EveryThreadCode.AARCH64);
    }

    @Test
    void shouldBeWhatTheAssemblerMakesWhenItPrefetches() throws Exception {
        assertEquals(assemble("prefetch", "x86_64"), PrefetchCode.X86_64);
        assertEquals(assemble("prefetch", "aarch64"), PrefetchCode.AARCH64);
    }

    @Test
    void shouldBeWhatTheAssemblerMakesWhenItCopies() throws Exception {
        assertEquals(assemble("headed-copies", "x86_64"), HeadedCopiesCode.X86_64);
        assertEquals(assemble("headed-copies", "aarch64"), HeadedCopiesCode.AARCH64);
    }

    private String assemble(String source, String architecture) throws Exception {
        Path object = directory.resolve("code.o");
        Path code = directory.resolve("code.bin");
        String prefix = architecture + "-linux-gnu-";
        run(
                prefix + "as",
                "--fatal-warnings",
                "-o",
                object.toString(),
                "src/main/asm/" + source + "-" + architecture + ".S");
        run(prefix + "objcopy", "-O", "binary", "-j", ".text", object.toString(), code.toString());
        return HexFormat.of().formatHex(Files.readAllBytes(code));
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), String.join(" ", command) + "\n" + output);
    }
}
