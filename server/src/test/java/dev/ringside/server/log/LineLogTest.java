package dev.ringside.server.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LineLogTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long nowNs;
    private final LineLog log = new LineLog(new PrintStream(bytes, true, UTF_8), this::now, false);

    private long now() {
        return nowNs;
    }

    private List<String> lines() {
        return bytes.toString(UTF_8).lines().toList();
    }

    @Test
    void shouldPrefixEveryLineWithTheProgramsName() {
        log.info("ready");
        log.warn("k", "odd");

        assertEquals(List.of("ringside: ready", "ringside: warning: odd"), lines());
    }

    @Test
    void shouldHoldBackWarningsOfOneKeyAndSayHowMany() {
        for (int i = 0; i < LineLog.BURST + 7; i++) {
            log.warn("k", "odd");
        }
        assertEquals(LineLog.BURST, lines().size());

        nowNs += LineLog.REFILL_NS;
        log.warn("k", "odd");

        assertEquals("ringside: warning: odd (7 more like it not shown)", lines().getLast());
    }

    @Test
    void shouldCountEachKeyByItself() {
        for (int i = 0; i < 100; i++) {
            log.warn("noisy", "odd");
        }

        log.warn("quiet", "even");

        assertEquals("ringside: warning: even", lines().getLast());
    }

    @Test
    void shouldNotEarnMoreThanTheBurstWhenQuietForLong() {
        log.warn("k", "odd");
        nowNs += 1_000 * LineLog.REFILL_NS;

        for (int i = 0; i < 100; i++) {
            log.warn("k", "odd");
        }

        assertEquals(1 + LineLog.BURST, lines().size());
    }

    @Test
    void shouldForgetTheOldestKeyWhenThereAreTooMany() {
        for (int i = 0; i < 10 * LineLog.MAX_KEYS; i++) {
            log.warn("key" + i, "odd");
        }

        assertEquals(10 * LineLog.MAX_KEYS, lines().size());
    }

    @Test
    void shouldWriteOneLineWhenTheTextHasLineEnds() {
        log.warn("k", "name=a\nringside: ready: forged\r\u0007");

        assertEquals(List.of("ringside: warning: name=a ringside: ready: forged  "), lines());
    }

    @Test
    void shouldCutMessagesThatAreTooLong() {
        log.info("x".repeat(3 * LineLog.MAX_LENGTH));

        assertTrue(lines().getFirst().length() < LineLog.MAX_LENGTH + 20);
    }

    @Test
    void shouldNameTheExceptionAndItsFramesOnOneLine() {
        log.error("shard 0", new IllegalStateException("lost", new RuntimeException("why")));

        String line = lines().getFirst();
        assertEquals(1, lines().size());
        assertTrue(
                line.startsWith(
                        "ringside: error: shard 0: java.lang.IllegalStateException: lost [at"
                                + " LineLogTest."),
                line);
        assertTrue(line.endsWith("caused by java.lang.RuntimeException: why"), line);
    }

    @Test
    void shouldAddTheStackTraceWhenAsked() {
        var verbose = new LineLog(new PrintStream(bytes, true, UTF_8), this::now, true);

        verbose.error("shard 0", new IllegalStateException("lost"));

        assertTrue(lines().size() > 3);
    }
}
