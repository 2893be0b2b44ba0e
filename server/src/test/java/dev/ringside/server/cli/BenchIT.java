package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ringside bench} at running processes. */
@Timeout(240)
final class BenchIT {
    @TempDir private Path folder = Path.of("/nonexistent");

    private final List<RingsideChild> serving = new ArrayList<>();

    @AfterEach
    void end() {
        serving.forEach(RingsideChild::close);
    }

    private record Outcome(int status, String out, List<String> lines) {
        JsonNode json() throws IOException {
            assertEquals(0, status, lines::toString);
            return new ObjectMapper().readTree(out);
        }
    }

    private void serve(String... arguments) throws IOException {
        RingsideChild child = RingsideChild.start(arguments);
        serving.add(child);
        child.awaitReady();
    }

    private String socket(String name) {
        return "--socket-path=" + folder.resolve(name);
    }

    private static Outcome bench(String... words) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("bench"));
        arguments.addAll(List.of(words));
        try (RingsideChild child = RingsideChild.start(arguments.toArray(String[]::new))) {
            int status = child.awaitExit();
            return new Outcome(status, child.output(), child.lines());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--rw=randrw --num-queues=2 --packed",
                "--rw=rw --rwmixread=30 --bs=64k --iodepth=8 --indirect --no-event-idx",
                "--rw=randwrite --interrupts --no-in-flight",
                "--rw=randrw --interrupts --rate-iops=500 --queue-size=64 --iodepth=16"
            })
    void shouldVerifyADisk(String options) throws Exception {
        serve("blk", socket("a"), "--backend=memory:size=16M", "--num-queues=2");

        List<String> words = new ArrayList<>(List.of("blk", socket("a"), "--verify"));
        words.addAll(List.of("--runtime=1", "--warm-up=0", "--json"));
        words.addAll(List.of(options.split(" ")));

        JsonNode result = bench(words.toArray(String[]::new)).json();

        JsonNode side = result.get("sides").get(0);
        assertTrue(side.get("operations").asLong() > 100, result::toString);
        assertEquals(0, side.get("errors").asLong());
        assertEquals(0, side.get("mismatches").asLong());
        assertTrue(side.get("latencyNs").get("write").get("p50").asLong() > 0);
        // Who listens is found by itself.
        assertTrue(side.get("cpuNsPerOperation").asDouble() > 0, result::toString);
    }

    @Test
    void shouldCompareTwoBackEndsAndWriteTheirLatencies() throws Exception {
        Path log = folder.resolve("log");
        serve("blk", socket("a"), "--backend=memory:size=16M");
        serve("blk", socket("b"), "--backend=null:size=16M");

        Outcome outcome =
                bench(
                        "blk",
                        socket("a"),
                        "--vs=" + folder.resolve("b"),
                        "--runtime=1",
                        "--turns=2",
                        "--json",
                        "--histogram-log=" + log);

        JsonNode result = outcome.json();
        assertEquals(2, result.get("sides").size());
        assertEquals(2, result.get("sides").get(1).get("turns").size());
        assertTrue(result.get("ratio").get("throughput").get("median").asDouble() > 0);
        Map<String, Long> counts = logged(log);
        assertEquals(List.of("A.read", "B.read"), List.copyOf(counts.keySet()));
        assertEquals(result.get("sides").get(0).get("operations").asLong(), counts.get("A.read"));
    }

    private static Map<String, Long> logged(Path log) throws IOException {
        Map<String, Long> counts = new TreeMap<>();
        try (HistogramLogReader reader = new HistogramLogReader(log.toString())) {
            while (reader.hasNext()) {
                if (reader.nextIntervalHistogram() instanceof Histogram one) {
                    counts.merge(one.getTag(), one.getTotalCount(), Long::sum);
                }
            }
        }
        return counts;
    }

    @ParameterizedTest
    @ValueSource(strings = {"loop", "latency"})
    void shouldVerifyANic(String mode) throws Exception {
        serve("net", socket("n"), "--port=loopback");

        JsonNode result =
                bench(
                                "net",
                                socket("n"),
                                "--mode=" + mode,
                                "--frame-size=64-1518",
                                "--verify",
                                "--packed",
                                "--runtime=1",
                                "--json")
                        .json();

        JsonNode side = result.get("sides").get(0);
        assertTrue(side.get("operations").asLong() > 10, result::toString);
        assertEquals(0, side.get("altered").asLong());
        assertEquals(0, side.get("lost").asLong());
    }

    @Test
    void shouldSendAMixOfSizesInFlows() throws Exception {
        serve("net", socket("n"), "--port=loopback");

        JsonNode result =
                bench(
                                "net",
                                socket("n"),
                                "--frame-size=imix",
                                "--flows=500",
                                "--verify",
                                "--runtime=1",
                                "--json")
                        .json();

        JsonNode side = result.get("sides").get(0);
        double mean = side.get("bytesPerSecond").asDouble() / side.get("perSecond").asDouble();
        assertEquals(353, mean, 30, result::toString);
        assertEquals(0, side.get("altered").asLong());
        assertEquals(0, side.get("lost").asLong());
    }

    @Test
    void shouldEndWithAnErrorWhenRequestsFail() throws Exception {
        serve("blk", socket("a"), "--backend=memory:size=16M", "--read-only");

        Outcome outcome = bench("blk", socket("a"), "--rw=write", "--runtime=1", "--warm-up=0");

        assertEquals(1, outcome.status());
        assertTrue(outcome.out().contains(" errors, 0 mismatches"), outcome.out());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | blk --socket-path=/none | /none: no back-end can be reached",
                "78 | blk | give --socket-path=PATH",
                "78 | | write ringside bench blk",
                "78 | blk --socket-path=/none --verify | give --rw=randrw",
                "78 | blk --socket-path=/none --bs=3 | --bs=3 is not a number of whole sectors",
                "78 | blk --socket-path=/none --iodepth=90 | holds 85 requests",
                "78 | blk --socket-path=/none --vs-pid=1 | --vs-pid has no meaning without --vs",
                "78 | net --socket-path=/none --frame-size=9 | --frame-size=9 is not a frame's",
                "78 | net --socket-path=/none --mode=source --flows=2 | --flows has no meaning"
            })
    void shouldSayWhatIsWrong(int status, String words, String message) throws Exception {
        Outcome outcome = bench(words == null ? new String[0] : words.split(" "));

        assertEquals(status, outcome.status(), outcome.lines()::toString);
        assertTrue(outcome.lines().toString().contains(message), outcome.lines()::toString);
    }
}
