package dev.ringside.bench.compare;

import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Entry of {@code bench/compare}: the first argument is the repository, the second {@code disk},
 * {@code net} or {@code limits}, the others are options.
 */
public final class Compare {
    private static final double MIB = 1 << 20;

    private final CompareOptions options;
    private final Report report = new Report(System.out);
    private final List<Report.Idle> idle = new ArrayList<>();
    private final List<Double> ringsideStartsMs = new ArrayList<>();
    private final List<Double> peerStartsMs = new ArrayList<>();

    private Compare(final CompareOptions options) {
        this.options = options;
    }

    /** Exit status 64 for wrong options, 1 for a run that failed. */
    public static void main(final String[] arguments) {
        final List<String> all = List.of(arguments);
        try {
            final Path root = Path.of(all.getFirst());
            final Arguments rest = new Arguments(all.subList(2, all.size()));
            if (all.get(1).equals("net")) {
                new NetCompare(NetCompareOptions.parse(root, rest)).run();
            } else if (all.get(1).equals("limits")) {
                new LimitTable(root, rest, System.out).run();
            } else {
                new Compare(CompareOptions.parse(root, rest)).run();
            }
        } catch (IllegalArgumentException e) {
            System.err.println(
                    "bench/compare: "
                            + e.getMessage()
                            + "\n"
                            + CompareOptions.USAGE
                            + "\n\n"
                            + NetCompareOptions.USAGE
                            + "\n\n"
                            + LimitTable.USAGE);
            System.exit(64);
        } catch (IOException e) {
            System.err.println("bench/compare: " + e.getMessage());
            System.exit(1);
        }
    }

    private void run() throws IOException {
        Files.createDirectories(options.folder());
        report.heading();
        for (final Storage storage : options.storages()) {
            try (BackEnd ringside = start(BackEnd.Kind.RINGSIDE, storage);
                    BackEnd peer = start(BackEnd.Kind.QEMU, storage)) {
                compare(storage, ringside, peer);
            }
        }
        for (int i = 1; i < options.starts(); i++) {
            start(BackEnd.Kind.RINGSIDE, Storage.NULL).close();
            start(BackEnd.Kind.QEMU, Storage.NULL).close();
        }
        report.idle(idle);
        report.starts(array(ringsideStartsMs), array(peerStartsMs));
    }

    private BackEnd start(final BackEnd.Kind kind, final Storage storage) throws IOException {
        final BackEnd backEnd =
                BackEnd.start(
                        kind,
                        storage,
                        options.root(),
                        options.folder(),
                        options.pace().backendCpu());
        (kind == BackEnd.Kind.RINGSIDE ? ringsideStartsMs : peerStartsMs)
                .add(backEnd.listeningNs() / 1e6);
        return backEnd;
    }

    private void compare(final Storage storage, final BackEnd ringside, final BackEnd peer)
            throws IOException {
        final Duel duel = new Duel(options.pace());
        for (final boolean write : new boolean[] {false, true}) {
            for (final int depth : options.depths()) {
                report.cell(
                        storage,
                        write,
                        depth,
                        duel.fight(
                                durationNs -> turn(ringside, write, depth, durationNs),
                                durationNs -> turn(peer, write, depth, durationNs)));
            }
        }
        final long garbageBefore = Garbage.shardBytes(ringside.pid());
        final var mark = ringside.driver().memory().mark();
        final long requests =
                new BlkLoad(
                                ringside.driver(),
                                LoadOptions.randomRead(32).durationNs(2 * options.pace().turnNs()))
                        .start(options.pace().frontendCpu())
                        .join()
                        .requests();
        ringside.driver().memory().release(mark);
        final long garbage = Garbage.shardBytes(ringside.pid()) - garbageBefore;
        idle.add(
                new Report.Idle(
                        storage,
                        idlePercent(ringside),
                        idlePercent(peer),
                        ringside.residentBytes() / MIB,
                        peer.residentBytes() / MIB,
                        garbage,
                        requests));
    }

    private Duel.Turn turn(
            final BackEnd backEnd, final boolean write, final int depth, final long durationNs)
            throws IOException {
        final var mark = backEnd.driver().memory().mark();
        final LoadOptions load =
                (write ? LoadOptions.randomWrite(depth) : LoadOptions.randomRead(depth))
                        .durationNs(durationNs)
                        .seed(depth);
        final long cpuBefore = backEnd.cpuNs();
        final LoadResult result =
                new BlkLoad(backEnd.driver(), load).start(options.pace().frontendCpu()).join();
        final long cpuNs = backEnd.cpuNs() - cpuBefore;
        backEnd.driver().memory().release(mark);
        if (!result.clean()) {
            throw new IOException(backEnd.kind().title() + ": " + result.summary());
        }
        return new Duel.Turn(
                result.requestsPerSecond(),
                (double) cpuNs / result.requests(),
                result.latency().percentileNs(0.5));
    }

    private double idlePercent(final BackEnd backEnd) throws IOException {
        // A moment for the adaptive spinning to end.
        LockSupport.parkNanos(1_000_000_000L);
        final long cpuBefore = backEnd.cpuNs();
        final long start = System.nanoTime();
        long elapsed = 0;
        while (elapsed < options.idleNs()) {
            LockSupport.parkNanos(options.idleNs() - elapsed);
            elapsed = System.nanoTime() - start;
        }
        return 100.0 * (backEnd.cpuNs() - cpuBefore) / elapsed;
    }

    private static double[] array(final List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
