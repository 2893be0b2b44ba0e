package dev.ringside.server.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class MetricsPageTest {
    private static final MetricsPage PAGE =
            new MetricsPage(
                    List.of(
                            "requests_total{queue=\"0\",operation=\"read\"} 3.0",
                            "requests_total{queue=\"1\",operation=\"read\"} 4.0",
                            "requests_total{queue=\"0\",operation=\"write\"} 0.0",
                            "requests_total_other{operation=\"read\"} 100.0",
                            "plain 2.5E2"));

    @Test
    void shouldSumTheSamplesOfOneMetricWithALabel() {
        assertEquals(7.0, PAGE.sum("requests_total", "operation=\"read\""));
        assertEquals(0.0, PAGE.sum("requests_total", "operation=\"write\""));
    }

    @Test
    void shouldLeaveOutSamplesThatAreZero() {
        assertEquals(2, PAGE.nonZero("requests_total").size());
        assertEquals(List.of("plain 2.5E2"), PAGE.nonZero("plain"));
    }
}
