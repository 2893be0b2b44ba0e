package dev.ringside.bench.compare;

import dev.ringside.shm.CpuAffinity;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/**
 * What a process with many disks costs and does, as more and more are attached: one of Ringside and
 * one of its peer, in turn on the same processor.
 */
final class ScaleTable {
    private static final int HUGE_PAGE_MIB = 2;
    private static final int WAKES_EACH_TURN = 200;
    private static final int WAKES_TO_SETTLE = 10;
    private static final long REST_NS = 10_000_000;
    // Before anything counts: longer rests than any spinning, until no code is new.
    private static final int FIRST_WAKES = 5_000;
    private static final long SHORT_REST_NS = 200_000;
    private static final long SETTLE_NS = 100_000_000;
    private static final double KIB = 1 << 10;
    private static final double MIB = 1 << 20;

    private final ScaleOptions options;
    private final Pace pace;
    private final Lines lines;

    ScaleTable(final ScaleOptions options, final PrintStream out) {
        this.options = options;
        this.pace = options.pace();
        lines = new Lines(out);
    }

    /** A table of both. */
    private interface Table {
        void print(ManyDisks ringside, ManyDisks peer) throws IOException;
    }

    void run() throws IOException {
        CpuAffinity.pinCurrentThread(pace.frontendCpu());
        DiskPair.prepared(
                options.peer(),
                options.folder(),
                pace.backendCpu(),
                2 * HUGE_PAGE_MIB * options.devices(),
                this::run);
    }

    private void run(final BackEnd.Place place) throws IOException {
        for (final ScaleOptions.Part part : options.parts()) {
            final Table table =
                    switch (part) {
                        case COST -> this::costs;
                        case WAKE -> this::wakeUps;
                        case RATE -> this::rates;
                    };
            // Who serves metrics costs more: only where they are read.
            final boolean metrics = part == ScaleOptions.Part.RATE;
            final DiskProgram mine =
                    new RingsideDisk(
                            options.root(), metrics ? List.of("--metrics-port=0") : List.of());
            try (ManyDisks ringside = ManyDisks.start(mine, options.devices(), place);
                    ManyDisks peer = ManyDisks.start(options.peer(), options.devices(), place)) {
                table.print(ringside, peer);
            }
            lines.line("");
        }
    }

    private void costs(final ManyDisks ringside, final ManyDisks peer) throws IOException {
        final String other = options.peer().column();
        lines.line(
                "| devices | attach ms, median: Ringside | %s | KiB for each: Ringside | %s"
                        + " | idle CPU %%: Ringside | %s |",
                other, other, other);
        lines.line("|---|---|---|---|---|---|---|");
        final long mineBefore = ringside.process().residentBytes();
        final long othersBefore = peer.process().residentBytes();
        for (final int count : options.steps()) {
            final double mine = ringside.attachUpTo(count);
            final double others = peer.attachUpTo(count);
            lines.line(
                    "| %d | %.1f | %.1f | %.0f | %.0f | %.2f | %.2f |",
                    count,
                    mine,
                    others,
                    (ringside.process().residentBytes() - mineBefore) / KIB / count,
                    (peer.process().residentBytes() - othersBefore) / KIB / count,
                    idlePercent(ringside),
                    idlePercent(peer));
        }
        lines.line("");
        lines.line(
                "Before the first: %.0f and %.0f MiB resident, of their own.",
                mineBefore / MIB, othersBefore / MIB);
    }

    private double idlePercent(final ManyDisks disks) throws IOException {
        final PinnedProcess process = disks.process();
        return process.awake(() -> IdleCpu.percent(process.pid(), 2 * pace.turnNs()));
    }

    private void wakeUps(final ManyDisks ringside, final ManyDisks peer) throws IOException {
        lines.line(
                "| devices | wake-up us: bare eventfd p50 | p99 | Ringside p50 | p99 | %s p50"
                        + " | p99 | round trip ns |",
                options.peer().column());
        lines.line("|---|---|---|---|---|---|---|---|");
        try (BareSleeper bare = BareSleeper.start(pace.backendCpu())) {
            new WakeTimes().take(bare, FIRST_WAKES, SHORT_REST_NS);
            warmUp(ringside);
            warmUp(peer);
            for (final int count : options.steps()) {
                ringside.attachUpTo(count);
                peer.attachUpTo(count);
                wakeUps(count, bare, ringside, peer);
            }
        }
    }

    private void warmUp(final ManyDisks disks) throws IOException {
        disks.attachUpTo(1);
        disks.process()
                .awake(
                        () -> {
                            LoadedDisk.together(disks.attached(), pace.warmUpNs());
                            final LoadedDisk first = disks.attached().getFirst();
                            new WakeTimes().take(first, FIRST_WAKES, SHORT_REST_NS);
                            return first;
                        });
    }

    private void wakeUps(
            final int count, final BareSleeper bare, final ManyDisks ringside, final ManyDisks peer)
            throws IOException {
        final WakeTimes machine = new WakeTimes();
        final WakeTimes mine = new WakeTimes();
        final WakeTimes others = new WakeTimes();
        final long distance = CoreDistance.roundTripNs(pace.frontendCpu(), pace.backendCpu());
        for (int i = 0; i < pace.pairs(); i++) {
            machine.take(bare, WAKES_EACH_TURN, REST_NS);
            take(mine, ringside);
            take(others, peer);
        }
        lines.line(
                "| %d | %s | %s | %s | %d |",
                count, machine.columns(), mine.columns(), others.columns(), distance);
    }

    private static void take(final WakeTimes times, final ManyDisks disks) throws IOException {
        disks.process()
                .awake(
                        () -> {
                            final LoadedDisk first = disks.attached().getFirst();
                            // What a process does because it stood still is no part of this.
                            IdleCpu.pause(SETTLE_NS);
                            new WakeTimes().take(first, WAKES_TO_SETTLE, REST_NS);
                            times.take(first, WAKES_EACH_TURN, REST_NS);
                            return times;
                        });
    }

    private void rates(final ManyDisks ringside, final ManyDisks peer) throws IOException {
        final String other = options.peer().column();
        lines.line(
                "| devices | k/s of all: Ringside | %s | ratio (least to most) | CPU us/request:"
                        + " Ringside | %s | front-end's looks in vain %%: Ringside | %s"
                        + " | shard's turns in vain %% | its time awake in them %%"
                        + " | round trip ns |",
                other, other, other);
        lines.line("|---|---|---|---|---|---|---|---|---|---|---|");
        final PinnedProcess process = ringside.process();
        final MetricsPage metrics = process.awake(() -> MetricsPage.of(process.log()));
        for (final int count : options.steps()) {
            ringside.attachUpTo(count);
            peer.attachUpTo(count);
            final ScaleSide mine = new ScaleSide(ringside, metrics);
            final ScaleSide others = new ScaleSide(peer, null);
            final Duel.Cell cell = new Duel(pace).fight(mine::turn, others::turn);
            if (cell.pairs().isEmpty()) {
                lines.line("| %d | the processors' distance changed in each pair |", count);
                continue;
            }
            lines.line(
                    "| %d | %.0f | %.0f | %s | %.2f | %.2f | %.1f | %.1f | %.1f | %.1f | %.0f |",
                    count,
                    cell.median(pair -> pair.ringside().perSecond()) / 1e3,
                    cell.median(pair -> pair.peer().perSecond()) / 1e3,
                    Report.ratio(cell),
                    cell.median(pair -> pair.ringside().cpuNs()) / 1e3,
                    cell.median(pair -> pair.peer().cpuNs()) / 1e3,
                    mine.vainLooksPercent(),
                    others.vainLooksPercent(),
                    mine.vainTurnsPercent(),
                    mine.vainTimePercent(),
                    cell.median(Duel.Pair::roundTripNs));
        }
    }
}
