package dev.ringside.server.engine;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** What a shard counts about its own duty cycle. */
enum ShardCounter implements MetricName {
    CYCLES_BUSY("ringside_shard_cycles_total", "Duty cycles of the shard.", "busy"),
    CYCLES_IDLE("ringside_shard_cycles_total", "Duty cycles of the shard.", "idle"),
    /** Nanoseconds. */
    AWAKE_BUSY("ringside_shard_awake_seconds_total", "Time that the shard did not sleep.", "busy"),
    /** Nanoseconds. */
    AWAKE_IDLE("ringside_shard_awake_seconds_total", "Time that the shard did not sleep.", "idle"),
    SLEEPS("ringside_shard_sleeps_total", "Times that the shard went to sleep.", ""),
    SHARES_USED(
            "ringside_shard_shares_used_total",
            "Turns in which a device with several queues had used its share while others waited.",
            ""),
    STALLS(
            "ringside_shard_stalls_total",
            "Turns that took longer than --slow-turn-ms: others waited for them.",
            ""),
    FAILURES(
            "ringside_shard_failures_total",
            "Unexpected failures inside the shard: each is a bug worth a report.",
            "");

    private final String metricName;
    private final String help;
    private final String state;

    ShardCounter(String metricName, String help, String state) {
        this.metricName = metricName;
        this.help = help;
        this.state = state;
    }

    @Override
    public String metricName() {
        return metricName;
    }

    @Override
    public String help() {
        return help;
    }

    @Override
    public double scale() {
        return this == AWAKE_BUSY || this == AWAKE_IDLE ? 1e-9 : 1;
    }

    @Override
    public Map<String, String> labels() {
        return state.isEmpty() ? Map.of() : Map.of("state", state);
    }
}
