package dev.ringside.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Counting, by one thread and seen by another. */
final class CountersTest {
    private enum Fruit implements MetricName {
        APPLES,
        PEARS;

        @Override
        public String metricName() {
            return "fruit_total";
        }

        @Override
        public String help() {
            return "Fruit.";
        }
    }

    @Test
    void shouldCountEachByItself() {
        Counters<Fruit> counters = new Counters<>(Fruit.class);

        counters.increment(Fruit.PEARS);
        counters.add(Fruit.PEARS, 41);

        assertEquals(42, counters.get(Fruit.PEARS));
        assertEquals(0, counters.get(Fruit.APPLES));
        assertEquals(Arrays.asList(Fruit.values()), counters.names());
        assertEquals(List.of(Fruit.APPLES, Fruit.PEARS), counters.names());
    }

    @Test
    void shouldShowAnotherThreadEverythingInTheEnd() throws InterruptedException {
        Counters<Fruit> counters = new Counters<>(Fruit.class);
        Thread writer =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    for (int i = 0; i < 100_000; i++) {
                                        counters.increment(Fruit.APPLES);
                                    }
                                });
        long seen = 0;
        while (seen < 100_000) {
            long now = counters.get(Fruit.APPLES);
            assertEquals(Math.max(now, seen), now, "a counter went back");
            seen = now;
            Thread.onSpinWait();
        }
        writer.join();

        assertEquals(100_000, seen);
    }
}
