package dev.ringside.virtio.blk.limit;

import dev.ringside.metrics.MetricsRegistry;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Shows what limits are in force. */
public final class LimitMetrics implements AutoCloseable {
    private static final String RATE = " may do in a second, requests or bytes; 0: any.";

    private final List<MetricsRegistry.Registration> gauges;

    private LimitMetrics(
            MetricsRegistry registry, String name, String help, String label, Shown shown) {
        gauges =
                Arrays.stream(LimitKind.values())
                        .map(
                                kind ->
                                        registry.gauge(
                                                name,
                                                help + RATE,
                                                Map.of(label, shown.owner, "limit", kind.word()),
                                                () -> shown.group.limits().limit(kind).rate()))
                        .toList();
    }

    /** Whose limits they are. */
    private record Shown(String owner, LimitGroup group) {}

    /** Those of a disk alone. */
    public static LimitMetrics ofDisk(MetricsRegistry registry, String disk, LimitGroup limits) {
        return new LimitMetrics(
                registry, "ringside_blk_limit", "What the disk", "device", new Shown(disk, limits));
    }

    /** Those that disks share. */
    public static LimitMetrics ofGroup(MetricsRegistry registry, String group, LimitGroup limits) {
        return new LimitMetrics(
                registry,
                "ringside_limit_group_limit",
                "What the disks of the group together",
                "group",
                new Shown(group, limits));
    }

    /** Shows them no longer. */
    @Override
    public void close() {
        gauges.forEach(MetricsRegistry.Registration::close);
    }
}
