package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The numbers of system calls are those of the kernel's headers. */
class SystemCallIT {
    /** What arch/arm64/include/uapi/asm/unistd.h defines before it includes the generic file. */
    private static final String AARCH64 =
            """
            #define __BITS_PER_LONG 64
            #define __ARCH_WANT_RENAMEAT
            #define __ARCH_WANT_NEW_STAT
            #define __ARCH_WANT_SET_GET_RLIMIT
            #define __ARCH_WANT_TIME32_SYSCALLS
            #define __ARCH_WANT_SYS_CLONE3
            #define __ARCH_WANT_MEMFD_SECRET
            #include <asm-generic/unistd.h>
            """;

    private static final String PREFIX = "__NR_";

    @TempDir private Path directory;

    @Test
    void shouldHaveTheNumbersOfAarch64() throws Exception {
        check(Native.Arch.AARCH64, macros(AARCH64));
    }

    @Test
    void shouldHaveTheNumbersOfThisMachine() throws Exception {
        check(Native.ARCH, macros("#include <sys/syscall.h>\n"));
    }

    private static void check(Native.Arch arch, Map<String, String> macros) {
        assertTrue(macros.containsKey(PREFIX + "read"), "no system calls in the headers");
        for (SystemCall call : SystemCall.values()) {
            String value = macros.getOrDefault(PREFIX + call.text(), "-1");
            while (macros.containsKey(value)) {
                value = macros.get(value);
            }
            assertEquals(Integer.parseInt(value), call.number(arch), arch + " " + call.text());
        }
    }

    private Map<String, String> macros(String source) throws IOException, InterruptedException {
        Path file = directory.resolve("calls.c");
        Files.writeString(file, source);
        Process process = new ProcessBuilder("cc", "-E", "-dM", file.toString()).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor());
        Map<String, String> macros = new HashMap<>();
        for (String line : output.lines().toList()) {
            int name = line.indexOf(' ') + 1;
            int value = line.indexOf(' ', name) + 1;
            if (value > 0) {
                macros.put(line.substring(name, value - 1), line.substring(value).strip());
            }
        }
        return macros;
    }
}
