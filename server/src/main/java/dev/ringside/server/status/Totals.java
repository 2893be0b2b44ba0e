package dev.ringside.server.status;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Adds the counters of a registry up: of each device over its queues, and of each shard. */
final class Totals implements MetricsRegistry.Visitor {
    private static final String NONE = "";

    private final Map<String, Device> devices = new HashMap<>();
    private final Map<Integer, Shard> shards = new TreeMap<>();

    private static final class Device {
        final Map<String, Operation> operations = new TreeMap<>();
        final Map<Integer, Long> waiting = new HashMap<>();
        long errors;
        long drops;

        Operation operation(String name) {
            return operations.computeIfAbsent(name, unused -> new Operation());
        }
    }

    private static final class Operation {
        long count;
        long bytes;
        LatencyHistogram.@Nullable Snapshot latency;
    }

    private static final class Shard {
        long busyNs;
        long idleNs;
        long turns;
        long sleeps;
        long stalls;
        long failures;
    }

    @Override
    public void counter(MetricName name, Map<String, String> labels, long value) {
        switch (name.metricName()) {
            case "ringside_blk_requests_total" -> operation(labels, "operation").count += value;
            case "ringside_blk_bytes_total" -> operation(labels, "operation").bytes += value;
            case "ringside_net_packets_total" -> operation(labels, "direction").count += value;
            case "ringside_net_bytes_total" -> operation(labels, "direction").bytes += value;
            case "ringside_blk_errors_total" -> device(labels).errors += value;
            case "ringside_net_drops_total" -> device(labels).drops += value;
            case "ringside_shard_cycles_total" -> shard(labels).turns += value;
            case "ringside_shard_awake_seconds_total" -> awake(labels, value);
            case "ringside_shard_sleeps_total" -> shard(labels).sleeps += value;
            case "ringside_shard_stalls_total" -> shard(labels).stalls += value;
            case "ringside_shard_failures_total" -> shard(labels).failures += value;
            default -> {}
        }
    }

    @Override
    public void histogram(
            MetricName name, Map<String, String> labels, LatencyHistogram.Snapshot snapshot) {
        if (name.metricName().equals("ringside_blk_request_duration_seconds")) {
            Operation operation = operation(labels, "operation");
            LatencyHistogram.Snapshot before = operation.latency;
            operation.latency = before == null ? snapshot : before.plus(snapshot);
        }
    }

    @Override
    public void gauge(String name, String help, Map<String, String> labels, long value) {
        if (name.equals("ringside_net_ring_fill")) {
            device(labels).waiting.put(number(labels, "queue"), value);
        }
    }

    private void awake(Map<String, String> labels, long ns) {
        if (labels.getOrDefault("state", NONE).equals("busy")) {
            shard(labels).busyNs += ns;
        } else {
            shard(labels).idleNs += ns;
        }
    }

    private Device device(Map<String, String> labels) {
        return devices.computeIfAbsent(labels.getOrDefault("device", NONE), unused -> new Device());
    }

    private Operation operation(Map<String, String> labels, String label) {
        return device(labels).operation(labels.getOrDefault(label, NONE));
    }

    private Shard shard(Map<String, String> labels) {
        return shards.computeIfAbsent(number(labels, "shard"), unused -> new Shard());
    }

    private static int number(Map<String, String> labels, String label) {
        return Integer.parseInt(labels.getOrDefault(label, "0"));
    }

    List<ShardActivity> shards() {
        List<ShardActivity> all = new ArrayList<>();
        shards.forEach(
                (index, shard) ->
                        all.add(
                                new ShardActivity(
                                        index,
                                        shard.busyNs,
                                        shard.idleNs,
                                        shard.turns,
                                        shard.sleeps,
                                        shard.stalls,
                                        shard.failures)));
        return all;
    }

    /** What a device was seen to do. */
    List<OperationActivity> operations(String device) {
        List<OperationActivity> all = new ArrayList<>();
        of(device)
                .operations
                .forEach(
                        (name, operation) -> {
                            if (operation.count > 0) {
                                all.add(activity(name, operation));
                            }
                        });
        return all;
    }

    private static OperationActivity activity(String name, Operation operation) {
        LatencyHistogram.Snapshot latency = operation.latency;
        List<Long> counts = new ArrayList<>();
        if (latency != null) {
            for (long count : latency.counts()) {
                counts.add(count);
            }
        }
        return new OperationActivity(name, operation.count, operation.bytes, counts);
    }

    long errors(String device) {
        return of(device).errors;
    }

    long drops(String device) {
        return of(device).drops;
    }

    /** How many chains wait in a queue's ring; when nobody counts them, another number. */
    long waiting(String device, int queue, long otherwise) {
        return of(device).waiting.getOrDefault(queue, otherwise);
    }

    private Device of(String name) {
        return devices.getOrDefault(name, new Device());
    }
}
