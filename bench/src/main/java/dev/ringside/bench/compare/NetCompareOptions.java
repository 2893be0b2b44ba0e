package dev.ringside.bench.compare;

import dev.ringside.frontend.NetLoadOptions.Mode;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What to measure of NICs.
 *
 * @param root the repository
 * @param other the repository of another Ringside to compare with; null: DPDK
 * @param folder where sockets and logs go
 * @param frontEnds who drives the back-ends
 * @param cases the kinds of traffic
 * @param depth frames under way, where more than one is
 * @param packed packed rings, not split ones
 */
record NetCompareOptions(
        Path root,
        @Nullable Path other,
        Path folder,
        List<NetFrontEnd.Kind> frontEnds,
        List<NetCase> cases,
        int depth,
        boolean packed,
        Pace pace) {
    private static final Set<String> OPTIONS =
            Set.of("--case", "--size", "--depth", "--front-end", "--folder", "--packed", "--peer");

    /** What {@code --help} says. */
    static final String USAGE =
            """
            usage: bench/compare net [--quick] [--case=sink|source|loop|latency ...] [--size=N ...]
                                     [--front-end=own|testpmd ...] [--depth=N] [--packed]
                                     [--pairs=N] [--seconds=S] [--folder=DIR] [--peer=DIR]

            Lets Ringside and DPDK's net_vhost swallow, make and return frames, drives both in turn
            from processor 0 (they run on processor 1), and prints Markdown tables.
            --peer     instead of DPDK another repository of Ringside, which was built\
            """;

    /**
     * From the command line.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    static NetCompareOptions parse(final Path root, final Arguments arguments) {
        final Set<String> known = new HashSet<>(OPTIONS);
        known.addAll(Pace.OPTIONS);
        arguments.allow(known);
        final List<Integer> sizes =
                arguments.values("--size").stream().map(Integer::valueOf).toList();
        final List<String> names = arguments.values("--case");
        final List<NetFrontEnd.Kind> kinds =
                arguments.values("--front-end").stream()
                        .map(value -> NetFrontEnd.Kind.valueOf(value.toUpperCase(Locale.ROOT)))
                        .toList();
        final List<NetCase> cases =
                NetCase.all(sizes.isEmpty() ? List.of(64, 1518) : sizes).stream()
                        .filter(each -> names.isEmpty() || names.contains(name(each)))
                        .toList();
        if (cases.isEmpty()) {
            throw new IllegalArgumentException("there is no case " + names);
        }
        final List<String> others = arguments.values("--peer");
        return new NetCompareOptions(
                root,
                others.isEmpty() ? null : RingsideDisk.repository(Path.of(others.getLast())),
                Path.of(arguments.last("--folder", root.resolve("bench/target/compare").toString()))
                        .toAbsolutePath(),
                kinds.isEmpty() ? List.of(NetFrontEnd.Kind.values()) : kinds,
                cases,
                Integer.parseInt(arguments.last("--depth", "256")),
                arguments.has("--packed"),
                Pace.parse(arguments));
    }

    private static String name(final NetCase each) {
        return each.mode() == Mode.LOOP && each.single()
                ? "latency"
                : each.mode().name().toLowerCase(Locale.ROOT);
    }
}
