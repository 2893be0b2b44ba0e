package dev.ringside.bench.compare;

import dev.ringside.frontend.LoadOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Entry of {@code bench/compare}: the first argument is the repository, the second {@code disk},
 * {@code curve}, {@code net}, {@code limits}, {@code scale}, {@code tail}, {@code fio} or {@code
 * shards}, the others are options.
 */
public final class Compare {
    private static final double MIB = 1 << 20;
    private static final String PLOTS = "--plots";
    private static final String USAGE =
            String.join(
                    "\n\n",
                    CompareOptions.USAGE,
                    NetCompareOptions.USAGE,
                    LimitTable.USAGE,
                    ScaleOptions.USAGE,
                    TailOptions.USAGE,
                    FioOptions.USAGE,
                    ShardOptions.USAGE);

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
            run(root, all.get(1), new Arguments(all.subList(2, all.size())));
        } catch (IllegalArgumentException e) {
            System.err.println("bench/compare: " + e.getMessage() + "\n" + USAGE);
            System.exit(64);
        } catch (IOException e) {
            System.err.println("bench/compare: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void run(final Path root, final String what, final Arguments arguments)
            throws IOException {
        switch (what) {
            case "net" -> new NetCompare(NetCompareOptions.parse(root, arguments)).run();
            case "limits" -> new LimitTable(root, arguments, System.out).run();
            case "scale" -> new ScaleTable(ScaleOptions.parse(root, arguments), System.out).run();
            case "tail" -> new TailTable(TailOptions.parse(root, arguments), System.out).run();
            case "shards" -> new ShardTable(ShardOptions.parse(root, arguments), System.out).run();
            case "fio" -> new FioTable(FioOptions.parse(root, arguments), System.out).run();
            case "curve" -> {
                final String plots = arguments.last(PLOTS, root.resolve("bench/plots").toString());
                final CompareOptions options = CompareOptions.parse(root, arguments.without(PLOTS));
                new Curve(options, Path.of(plots), System.out).run();
            }
            default -> new Compare(CompareOptions.parse(root, arguments)).run();
        }
    }

    private void run() throws IOException {
        DiskPair.prepared(options, this::run);
    }

    private void run(final BackEnd.Place place) throws IOException {
        report.note("Memory: " + (place.hugePages() ? "" : "no ") + "huge pages.");
        report.heading();
        for (final Storage storage : options.storages()) {
            try (DiskPair pair = start(storage, place)) {
                compare(storage, pair);
            }
        }
        for (int i = 1; i < options.starts(); i++) {
            start(Storage.NULL, place).close();
        }
        report.idle(idle);
        report.starts(ringsideStartsMs, peerStartsMs);
    }

    private DiskPair start(final Storage storage, final BackEnd.Place place) throws IOException {
        final DiskPair pair = DiskPair.start(options, storage, place);
        ringsideStartsMs.add(pair.ringside().listeningNs() / 1e6);
        peerStartsMs.add(pair.peer().listeningNs() / 1e6);
        return pair;
    }

    private void compare(final Storage storage, final DiskPair pair) throws IOException {
        final BackEnd ringside = pair.ringside();
        final BackEnd peer = pair.peer();
        final DiskCells cells = new DiskCells(report, options.pace(), options.depths());
        cells.print(storage, cells.side(ringside), cells.side(peer));
        final Spent spent = ringside.awake(() -> spent(pair));
        idle.add(
                new Report.Idle(
                        storage,
                        ringside.awake(() -> IdleCpu.percent(ringside.pid(), options.idleNs())),
                        peer.awake(() -> IdleCpu.percent(peer.pid(), options.idleNs())),
                        ringside.residentBytes() / MIB,
                        peer.residentBytes() / MIB,
                        spent.bytes(),
                        spent.requests()));
    }

    /** What Ringside's shards allocated over so many requests. */
    private record Spent(long bytes, long requests) {}

    private Spent spent(final DiskPair pair) throws IOException {
        final long pid = pair.ringside().pid();
        final long before = Garbage.shardBytes(pid);
        final LoadOptions load = LoadOptions.randomRead(32).durationNs(2 * options.pace().turnNs());
        final long requests =
                pair.ringside().drive(load, options.pace().frontendCpu()).result().requests();
        return new Spent(Garbage.shardBytes(pid) - before, requests);
    }
}
