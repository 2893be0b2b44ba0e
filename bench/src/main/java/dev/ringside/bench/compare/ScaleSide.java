package dev.ringside.bench.compare;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All disks of a process driven together, turn by turn; and who found nothing to do how often: who
 * hardly ever does is the limit.
 */
final class ScaleSide {
    private static final String TURNS = "ringside_shard_cycles_total";
    private static final String AWAKE = "ringside_shard_awake_seconds_total";

    private final ManyDisks disks;
    private final @Nullable MetricsPage metrics;
    private final List<Double> vainLooks = new ArrayList<>();
    private final List<Double> vainTurns = new ArrayList<>();
    private final List<Double> vainTime = new ArrayList<>();

    /** With the metrics of its shards, where it has them. */
    ScaleSide(final ManyDisks disks, final @Nullable MetricsPage metrics) {
        this.disks = disks;
        this.metrics = metrics;
    }

    Duel.Turn turn(final long durationNs) throws IOException {
        return disks.process().awake(() -> awake(durationNs));
    }

    private Duel.Turn awake(final long durationNs) throws IOException {
        final MetricsPage.@Nullable Values before = metrics == null ? null : metrics.read();
        final long cpuNs = disks.process().cpuNs();
        final LoadedDisk.Together together = LoadedDisk.together(disks.attached(), durationNs);
        final double cpuEach = (double) (disks.process().cpuNs() - cpuNs) / together.requests();
        vainLooks.add(together.vainPercent());
        if (metrics != null && before != null) {
            final MetricsPage.Values after = metrics.read();
            vainTurns.add(idlePercent(TURNS, before, after));
            vainTime.add(idlePercent(AWAKE, before, after));
        }
        return new Duel.Turn(together.perSecond(), cpuEach, 0);
    }

    /** Of what a metric has in both states, that of the idle one. */
    static double idlePercent(
            final String metric, final MetricsPage.Values before, final MetricsPage.Values after) {
        final double idle = grown(metric, "state=\"idle\"", before, after);
        final double busy = grown(metric, "state=\"busy\"", before, after);
        return 100 * idle / (idle + busy);
    }

    private static double grown(
            final String metric,
            final String label,
            final MetricsPage.Values before,
            final MetricsPage.Values after) {
        return after.sum(metric, label) - before.sum(metric, label);
    }

    /** Of the front-end's looks into rings, those that found no answer, at the median. */
    double vainLooksPercent() {
        return Duel.median(vainLooks);
    }

    /** Of the shards' turns, those that found nothing to do. */
    double vainTurnsPercent() {
        return Duel.median(vainTurns);
    }

    /** Of the time that the shards were awake, that in turns that found nothing to do. */
    double vainTimePercent() {
        return Duel.median(vainTime);
    }
}
