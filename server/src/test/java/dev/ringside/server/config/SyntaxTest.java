package dev.ringside.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SyntaxTest {
    private static final Syntax SYNTAX =
            new Syntax(
                    "tool run",
                    "tool run --path=PATH",
                    "Runs. " + "word ".repeat(40).strip(),
                    List.of(
                            Option.of("--path", "PATH", "Where. " + "text ".repeat(30).strip()),
                            Option.of("--an-option-with-a-long-name", "VALUE", "Long."),
                            Option.flag("--quick", "Fast.")),
                    "The end.");

    private static Given parse(String... arguments) throws OperatorException {
        return SYNTAX.parse(List.of(arguments));
    }

    private static String refusal(String... arguments) {
        var refused = assertThrows(OperatorException.class, () -> parse(arguments));
        return String.valueOf(refused.getMessage());
    }

    @Test
    void shouldTakeValuesAttachedOrAfterwards() throws OperatorException {
        assertEquals("a=b", parse("--path=a=b").text("--path"));
        assertEquals("-1", parse("--path", "-1").text("--path"));
        assertEquals("--quick", parse("--path=--quick").text("--path"));
        assertEquals(
                new Given(false, Map.of("--path", "x", "--quick", "")),
                parse("--quick", "--path", "x"));
    }

    @Test
    void shouldTellWhatWasNotGiven() throws OperatorException {
        Given given = parse("--quick");

        assertTrue(given.has("--quick"));
        assertFalse(given.has("--path"));
        assertNull(given.text("--path"));
    }

    @Test
    void shouldRefuseWhatItDoesNotUnderstand() {
        assertEquals(
                "there is no option --pth=x: is it --path? (see tool run --help)",
                refusal("--pth=x"));
        assertEquals("there is no option --other (see tool run --help)", refusal("--other"));
        assertTrue(refusal("file").contains("argument file"));
        assertTrue(refusal("").contains("argument"));
        assertTrue(refusal("--").contains("--"));
    }

    @Test
    void shouldRefuseWrongValues() {
        assertTrue(refusal("--path").contains("--path=PATH"));
        assertTrue(refusal("--path", "--quick").contains("lacks its value"));
        assertTrue(refusal("--path=").contains("empty"));
        assertTrue(refusal("--path", "").contains("empty"));
        assertTrue(refusal("--path=a\0b").contains("zero byte"));
        assertTrue(refusal("--quick=yes").contains("takes no value"));
        assertTrue(refusal("--quick", "--quick").contains("twice"));
        assertTrue(refusal("--path=a", "--path", "a").contains("twice"));
    }

    @Test
    void shouldGiveHelpWhateverElseIsGiven() throws OperatorException {
        assertTrue(parse("--nonsense", "--help").help());
        assertTrue(parse("-h").help());
        assertFalse(parse().help());
    }

    @Test
    void shouldKeepHelpWithinItsWidth() {
        String help = SYNTAX.help();

        assertTrue(help.lines().allMatch(line -> line.length() <= Syntax.WIDTH), help);
        assertTrue(help.startsWith("usage: tool run --path=PATH\n\nRuns. word"), help);
        assertTrue(help.contains("\n  --quick                    Fast.\n"), help);
        assertTrue(
                help.contains("--an-option-with-a-long-name=VALUE\n" + " ".repeat(29) + "Long."));
        assertTrue(help.endsWith("\nThe end.\n"), help);
    }
}
