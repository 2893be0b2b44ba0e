package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read of a page of metrics. */
final class MetricsPageTest {
    private static MetricsPage.Values turns(int idle, int busy) {
        return new MetricsPage.Values(
                List.of(
                        "# TYPE ringside_shard_cycles_total counter",
                        "ringside_shard_cycles_total{shard=\"0\",state=\"busy\"} " + busy,
                        "ringside_shard_cycles_total{shard=\"0\",state=\"idle\"} " + idle,
                        "ringside_shard_cycles_total{shard=\"1\",state=\"idle\"} 1.0E1",
                        "ringside_shard_sleeps_total{shard=\"0\"} 7"));
    }

    @Test
    void shouldFindItsAddressInTheLineOfAProcessThatIsReady(@TempDir Path folder)
            throws IOException {
        Path log = folder.resolve("log");
        Files.writeString(
                log, "ringside: ready: disk d0; metrics http://127.0.0.1:38787/metrics\n");
        URI expected = URI.create("http://127.0.0.1:38787/metrics");
        assertEquals(expected, MetricsPage.of(log).address());
    }

    @Test
    void shouldAddUpAllSeriesOfALabel() {
        assertEquals(13, turns(3, 5).sum("ringside_shard_cycles_total", "state=\"idle\""));
        assertEquals(0, turns(3, 5).sum("ringside_shard_cycles", "state=\"idle\""));
    }

    @Test
    void shouldTellTheShareOfTurnsInVain() {
        String metric = "ringside_shard_cycles_total";
        assertEquals(25, ScaleSide.idlePercent(metric, turns(0, 10), turns(10, 40)));
    }
}
