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
    private static final int FILL_BYTES = 64 << 10;
    private static final int FILL_DEPTH = 8;

    private final CompareOptions options;
    private final Report report;
    private final List<Report.Idle> idle = new ArrayList<>();
    private final List<Double> ringsideStartsMs = new ArrayList<>();
    private final List<Double> peerStartsMs = new ArrayList<>();

    private Compare(final CompareOptions options) {
        this.options = options;
        report = new Report(System.out, options.peer().title(), options.peer().column());
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
        final int hugePagesMib = options.peer().hugePagesMib();
        try (HugePageReserve reserve = HugePageReserve.of(hugePagesMib)) {
            if (!reserve.enough()) {
                throw new IOException(
                        options.peer().title()
                                + " needs "
                                + hugePagesMib
                                + " MiB of huge pages that are free: write more into"
                                + " /proc/sys/vm/nr_hugepages");
            }
            report.note(hugePagesMib > 0 ? "Memory: huge pages." : "Memory: no huge pages.");
            run(new BackEnd.Place(options.folder(), options.pace().backendCpu(), hugePagesMib > 0));
        }
    }

    private void run(final BackEnd.Place place) throws IOException {
        final DiskProgram ringside = new RingsideDisk(options.root(), List.of());
        report.heading();
        for (final Storage storage : options.storages()) {
            try (BackEnd one = start(ringside, storage, place, ringsideStartsMs);
                    BackEnd other = start(options.peer(), storage, place, peerStartsMs)) {
                compare(storage, one, other);
            }
        }
        for (int i = 1; i < options.starts(); i++) {
            start(ringside, Storage.NULL, place, ringsideStartsMs).close();
            start(options.peer(), Storage.NULL, place, peerStartsMs).close();
        }
        report.idle(idle);
        report.starts(array(ringsideStartsMs), array(peerStartsMs));
    }

    private BackEnd start(
            final DiskProgram program,
            final Storage storage,
            final BackEnd.Place place,
            final List<Double> startsMs)
            throws IOException {
        final BackEnd backEnd = BackEnd.start(program, storage, place);
        startsMs.add(backEnd.listeningNs() / 1e6);
        if (storage == Storage.MEMORY) {
            backEnd.awake(() -> load(backEnd, fill(storage)));
        }
        return backEnd;
    }

    // Pages that nobody wrote to may all be the same one.
    private static LoadOptions fill(final Storage storage) {
        return LoadOptions.randomWrite(FILL_DEPTH)
                .random(false)
                .blockBytes(FILL_BYTES)
                .requests(storage.sizeBytes() / FILL_BYTES);
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
        final Spent spent = ringside.awake(() -> spent(ringside));
        idle.add(
                new Report.Idle(
                        storage,
                        ringside.awake(() -> idlePercent(ringside)),
                        peer.awake(() -> idlePercent(peer)),
                        ringside.residentBytes() / MIB,
                        peer.residentBytes() / MIB,
                        spent.bytes(),
                        spent.requests()));
    }

    /** What Ringside's shards allocated over so many requests. */
    private record Spent(long bytes, long requests) {}

    private Spent spent(final BackEnd ringside) throws IOException {
        final long before = Garbage.shardBytes(ringside.pid());
        final LoadResult result =
                load(ringside, LoadOptions.randomRead(32).durationNs(2 * options.pace().turnNs()));
        return new Spent(Garbage.shardBytes(ringside.pid()) - before, result.requests());
    }

    private Duel.Turn turn(
            final BackEnd backEnd, final boolean write, final int depth, final long durationNs)
            throws IOException {
        final LoadOptions load =
                (write ? LoadOptions.randomWrite(depth) : LoadOptions.randomRead(depth))
                        .durationNs(durationNs)
                        .seed(depth);
        return backEnd.awake(
                () -> {
                    final long cpuBefore = backEnd.cpuNs();
                    final LoadResult result = load(backEnd, load);
                    return new Duel.Turn(
                            result.requestsPerSecond(),
                            (double) (backEnd.cpuNs() - cpuBefore) / result.requests(),
                            result.latency().percentileNs(0.5));
                });
    }

    private LoadResult load(final BackEnd backEnd, final LoadOptions load) throws IOException {
        final var mark = backEnd.driver().memory().mark();
        final LoadResult result =
                new BlkLoad(backEnd.driver(), load).start(options.pace().frontendCpu()).join();
        backEnd.driver().memory().release(mark);
        if (!result.clean()) {
            throw new IOException(backEnd.title() + ": " + result.summary());
        }
        return result;
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
