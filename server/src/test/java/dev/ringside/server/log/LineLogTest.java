package dev.ringside.server.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LineLogTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long nowNs;
    private final LineLog log = log(false);

    private LineLog log(boolean stackTraces) {
        var out = new PrintStream(bytes, true, UTF_8);
        Instant time = Instant.parse("2026-11-28T20:41:07.123456Z");
        return new LineLog(out, this::now, () -> time, stackTraces);
    }

    private static Subject about(String topic) {
        return new Subject(topic, null, Subject.NONE);
    }

    private void info(String message) {
        log.write(LogLevel.INFO, about("process"), message);
    }

    private void warn(String topic, String message) {
        log.warn(about(topic), message);
    }

    private long now() {
        return nowNs;
    }

    private List<String> lines() {
        return bytes.toString(UTF_8).lines().toList();
    }

    @Test
    void shouldPrefixEveryLineWithTheProgramsName() {
        info("ready");
        warn("k", "odd");

        assertEquals(List.of("ringside: ready", "ringside: warning: odd"), lines());
    }

    @Test
    void shouldHoldBackWarningsOfOneSubjectAndSayHowMany() {
        for (int i = 0; i < LineLog.BURST + 7; i++) {
            warn("k", "odd");
        }
        assertEquals(LineLog.BURST, lines().size());

        nowNs += LineLog.REFILL_NS;
        warn("k", "odd");

        assertEquals("ringside: warning: odd (7 more like it not shown)", lines().getLast());
    }

    @Test
    void shouldCountEachSubjectByItself() {
        for (int i = 0; i < 100; i++) {
            warn("noisy", "odd");
        }

        warn("quiet", "even");

        assertEquals("ringside: warning: even", lines().getLast());
    }

    @Test
    void shouldNotEarnMoreThanTheBurstWhenQuietForLong() {
        warn("k", "odd");
        nowNs += 1_000 * LineLog.REFILL_NS;

        for (int i = 0; i < 100; i++) {
            warn("k", "odd");
        }

        assertEquals(1 + LineLog.BURST, lines().size());
    }

    @Test
    void shouldForgetTheOldestSubjectWhenThereAreTooMany() {
        for (int i = 0; i < 10 * LineLog.MAX_SUBJECTS; i++) {
            warn("key" + i, "odd");
        }

        assertEquals(10 * LineLog.MAX_SUBJECTS, lines().size());
    }

    @Test
    void shouldWriteOneLineWhenTheTextHasLineEnds() {
        warn("k", "name=a\nringside: ready: forged\r\u0007");

        assertEquals(List.of("ringside: warning: name=a ringside: ready: forged  "), lines());
    }

    @Test
    void shouldCutWarningsThatAreTooLong() {
        warn("k", "x".repeat(3 * LineLog.MAX_LENGTH));

        assertTrue(lines().getFirst().length() < LineLog.MAX_LENGTH + 30);
    }

    @Test
    void shouldNotCutWhatTheProcessSaysOfItself() {
        info("ready: " + "disk ".repeat(LineLog.MAX_LENGTH));

        assertEquals(17 + 5 * LineLog.MAX_LENGTH, lines().getFirst().length());
    }

    @Test
    void shouldNameTheExceptionAndItsFramesOnOneLine() {
        log.error(
                about("s"),
                "shard 0",
                new IllegalStateException("lost", new RuntimeException("why")));

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
        log(true).error(about("s"), "shard 0", new IllegalStateException("lost"));

        assertTrue(lines().size() > 3);
    }

    @Test
    void shouldCountQueuesOfOneDeviceByThemselves() {
        Subject device = about("ring").device("vm1");
        for (int i = 0; i < 100; i++) {
            log.warn(device.queue(0), "odd");
        }

        log.warn(device.queue(1), "even");

        assertEquals(LineLog.BURST + 1, lines().size());
    }

    @Test
    void shouldWriteNothingBelowTheLevel() {
        log.write(LogLevel.DEBUG, about("s"), "small");
        assertEquals(List.of(), lines());

        log.level(LogLevel.DEBUG);
        log.write(LogLevel.DEBUG, about("s"), "small");
        log.level(LogLevel.ERROR);
        info("ready");
        warn("k", "odd");
        log.write(LogLevel.ERROR, about("s"), "wrong");

        assertEquals(List.of("ringside: debug: small", "ringside: error: wrong"), lines());
    }

    @Test
    void shouldNotCountWhatTheLevelHidesAsHeldBack() {
        log.level(LogLevel.ERROR);
        for (int i = 0; i < 100; i++) {
            warn("k", "odd");
        }
        log.level(LogLevel.INFO);

        warn("k", "odd");

        assertEquals(List.of("ringside: warning: odd"), lines());
    }

    @Test
    void shouldWriteJsonThatSaysWhatALineIsAbout() throws Exception {
        log.format(LogFormat.JSON);
        String hostile = "\"},{\"level\":\"error\"\n\u2028\u00e9</script>";
        for (int i = 0; i < LineLog.BURST + 2; i++) {
            log.warn(about("ring").device(hostile).queue(3), "stopped: " + hostile);
        }
        nowNs += LineLog.REFILL_NS;
        log.warn(about("ring").device(hostile).queue(3), "stopped");

        JsonNode first = new ObjectMapper().readTree(lines().getFirst());
        assertEquals("2026-11-28T20:41:07.123Z", first.get("time").asText());
        assertEquals("warning", first.get("level").asText());
        assertEquals("ring", first.get("topic").asText());
        assertEquals(hostile, first.get("device").asText());
        assertEquals(3, first.get("queue").asInt());
        assertEquals("stopped: " + hostile.replace('\n', ' '), first.get("message").asText());
        assertEquals(6, first.size());
        assertEquals(2, new ObjectMapper().readTree(lines().getLast()).get("not_shown").asInt());
        assertTrue(lines().getFirst().chars().allMatch(c -> c < 0x7f), lines().getFirst());
    }

    @Test
    void shouldPutAStackTraceIntoOneLineOfJson() throws Exception {
        LineLog verbose = log(true);
        verbose.format(LogFormat.JSON);

        verbose.error(about("shard"), "shard 0", new IllegalStateException("lost"));

        JsonNode line = new ObjectMapper().readTree(lines().getFirst());
        assertEquals(1, lines().size());
        assertTrue(line.get("stack_trace").asText().contains("\tat "), line.toString());
        assertTrue(line.get("message").asText().startsWith("shard 0: java.lang"));
    }
}
