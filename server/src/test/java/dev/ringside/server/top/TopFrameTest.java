package dev.ringside.server.top;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringside.server.options.Amount;
import dev.ringside.server.status.ServerStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TopFrameTest {
    private static final String DEVICE =
            """
            {"status": {"device": "%s", "kind": "disk", "socket": "/s", "connected": true,
              "features": "0", "memoryRegions": 0, "memoryBytes": 0, "queues": [
                {"queue": 0, "state": "running", "size": 128, "format": "split", "shard": 0,
                 "inFlight": 3, "chains": 1, "kicks": 0, "calls": 0},
                {"queue": 1, "state": "broken", "size": 128, "format": "split", "shard": 0,
                 "inFlight": 0, "chains": 1, "kicks": 0, "calls": 0,
                 "fault": "descriptor_loop", "since": "2026-11-28T20:41:07Z"}]},
             "operations": [
               {"operation": "read", "count": %d, "bytes": %d, "latency": [0, %d, 0]},
               {"operation": "write", "count": 10, "bytes": 0, "latency": [10, 0, 0]}],
             "errors": 1, "drops": 0, "ringFill": [3, 0]}
            """;

    private static ServerStatus status(long clockNs, String device, long reads) throws Exception {
        return new ObjectMapper()
                .readValue(
                        """
                        {"version": "1.2", "pid": 77, "time": "", "upSeconds": 125,
                         "clockNs": %d, "notReady": null, "failures": [],
                         "latencyBoundsNs": [1000, 2000],
                         "shards": [{"shard": 0, "busyNs": %d, "idleNs": 0, "turns": %d,
                           "sleeps": 0, "stalls": 2, "failures": 0}],
                         "devices": [%s]}
                        """
                                .formatted(
                                        clockNs,
                                        clockNs / 4,
                                        clockNs / 1_000_000,
                                        DEVICE.formatted(device, reads, reads * 4096, reads)),
                        ServerStatus.class);
    }

    @Test
    void shouldShowWhatHappenedInASecond() throws Exception {
        ServerStatus before = status(4_000_000_000L, "vm1", 500);
        ServerStatus now = status(6_000_000_000L, "vm1", 3_500);

        List<String> lines = new TopFrame(before, now).lines();

        assertEquals("ringside 1.2, process 77, up 2 min: serving", lines.getFirst());
        assertEquals(List.of("0", "25 %", "0.0 %", "75 %", "1.00 k", "0", "2", "0"), row(lines, 3));
        assertEquals(
                List.of(
                        "vm1",
                        "disk",
                        "connected",
                        "1 running, 1 broken",
                        "1.50 k",
                        "5.86 MiB",
                        "0 B",
                        "1.50 us",
                        "1.99 us",
                        "3",
                        "1"),
                row(lines, 6));
        assertEquals("stopped, and why:", lines.get(8));
        assertEquals(
                "vm1, queue 1: broken: descriptor_loop since 2026-11-28T20:41:07Z", lines.get(9));
    }

    private static List<String> row(List<String> lines, int index) {
        return List.of(lines.get(index).strip().split(" {2,}", -1));
    }

    @Test
    void shouldShowNothingOfADeviceThatCameJustNow() throws Exception {
        List<String> lines =
                new TopFrame(status(1, "old", 5), status(1_000_000_001, "new", 5)).lines();

        assertTrue(row(lines, 6).contains("new"), lines.toString());
    }

    @Test
    void shouldShowNoEscapeSequenceOfAName() throws Exception {
        String hostile = "a\\u001b[2Jb\\nc";

        List<String> lines = new TopFrame(status(1, hostile, 5), status(2, hostile, 5)).lines();

        assertTrue(
                lines.stream().allMatch(line -> line.chars().noneMatch(Character::isISOControl)),
                lines.toString());
        assertTrue(lines.get(6).startsWith("a [2Jb c "), lines.get(6));
    }

    @Test
    void shouldWriteNumbersShort() {
        assertEquals("0", Amount.count(0));
        assertEquals("12.3 k", Amount.count(12_345));
        assertEquals("1.50 MiB", Amount.bytes(1.5 * (1 << 20)));
        assertEquals("", Amount.time(-1));
        assertEquals("999 ns", Amount.time(999));
        assertEquals("1.00 us", Amount.time(1_000));
    }
}
