package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The options of production name methods, and the JVM is silent about one that is not there. */
final class JvmOptionsTest {
    private static final String DONT_INLINE = "-XX:CompileCommand=dontinline,";

    @Test
    void shouldNameMethodsThatThereAre() throws IOException {
        List<String> names =
                Files.readAllLines(Path.of("../bin/jvm.options")).stream()
                        .filter(line -> line.startsWith(DONT_INLINE))
                        .map(line -> line.substring(DONT_INLINE.length()))
                        .toList();

        assertFalse(names.isEmpty());
        names.forEach(name -> assertTrue(isThere(name), name));
    }

    private static boolean isThere(String name) {
        String[] parts = name.split("::", 2);
        try {
            return Stream.of(Class.forName(parts[0]).getDeclaredMethods())
                    .map(Method::getName)
                    .anyMatch(parts[1]::equals);
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
