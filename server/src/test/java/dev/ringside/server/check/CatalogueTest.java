package dev.ringside.server.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.OperatorException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which checks there are, and which of them run. */
class CatalogueTest {
    private static CheckOptions options(List<String> only, boolean hostile) {
        return new CheckOptions(Path.of("/s"), null, only, hostile, false, false, 1000, null);
    }

    private static List<String> chosen(CheckOptions options) {
        return Catalogue.chosen(options).stream().map(Check::name).toList();
    }

    @Test
    void shouldNameEachCheckOnceAndByItsGroup() {
        Set<String> names = new HashSet<>();
        for (Group group : Catalogue.groups()) {
            for (Check check : group.checks()) {
                assertTrue(names.add(check.name()), check.name() + " is there twice");
                assertTrue(check.name().startsWith(group.name() + "."), check.name());
                assertFalse(check.statement().endsWith("."), check.name());
            }
        }
    }

    @Test
    void shouldAttackOnlyWhenAsked() {
        assertFalse(chosen(options(List.of(), false)).contains("hostile.truncated"));
        assertTrue(chosen(options(List.of(), true)).contains("hostile.truncated"));
        assertTrue(chosen(options(List.of("hostile"), false)).contains("hostile.truncated"));
    }

    @Test
    void shouldTakeGroupsAndNames() {
        List<String> names = chosen(options(List.of("inflight", "blk.reads"), true));
        assertTrue(names.contains("inflight.resubmits"));
        assertTrue(names.contains("blk.reads"));
        assertFalse(names.contains("blk.flush"));
    }

    @Test
    void shouldRefuseWhatItDoesNotKnow() {
        assertRefused("there is no check and no group", "--socket-path=/s", "--only=rings,rongs");
        assertRefused("say where the back-end listens");
        assertRefused("--device", "--socket-path=/s", "--device=fs");
        assertRefused("--timeout", "--socket-path=/s", "--timeout=0");
        assertRefused("/nowhere does not answer", "--socket-path=/nowhere", "--timeout=1");
    }

    private static void assertRefused(String message, String... arguments) {
        PrintStream out = new PrintStream(new ByteArrayOutputStream());
        OperatorException e =
                assertThrows(
                        OperatorException.class, () -> CheckCommand.run(List.of(arguments), out));
        assertTrue(String.valueOf(e.getMessage()).contains(message), e.getMessage());
    }

    @Test
    void shouldListAllChecks() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        assertEquals(ExitCode.OK, CheckCommand.run(List.of("--list"), out));
        String text = bytes.toString(StandardCharsets.UTF_8);
        long checks = Catalogue.groups().stream().mapToLong(g -> g.checks().size()).sum();
        assertEquals(checks + 1, text.lines().count());
        assertTrue(text.contains("inflight.resubmits"), text);
    }
}
