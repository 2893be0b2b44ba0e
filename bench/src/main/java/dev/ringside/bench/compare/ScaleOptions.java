package dev.ringside.bench.compare;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What to measure of processes with many disks.
 *
 * @param root the repository
 * @param folder where sockets and logs go
 * @param peer with whom Ringside is compared
 * @param parts the tables
 * @param devices disks of each process
 */
record ScaleOptions(
        Path root, Path folder, DiskProgram peer, Set<Part> parts, int devices, Pace pace) {
    /** What {@code --help} says. */
    static final String USAGE =
            """
            usage: bench/compare scale [--peer=qemu-storage-daemon|spdk|DIR] [--spdk=PROGRAM]
                                       [--quick] [--case=cost|wake|rate ...] [--devices=N]
                                       [--pairs=N] [--seconds=S]

            Serves N null disks (default 100) by one process of Ringside with one shard and by one
            of its peer, attaches one front-end after the other, and prints for 1, 10, 25, ...
            cost       how long attaching takes, and what idle devices cost in memory and processor
                       time
            wake       how fast a disk that was left alone wakes up, and what the machine itself
                       takes to wake a thread up by an eventfd
            rate       what all of them get done together, driven by one thread, and whether the
                       shard or the front-end is the limit\
            """;

    private static final int[] STEPS = {1, 10, 25, 50, 100, 200, 500, 1000};

    /** A table. */
    enum Part {
        COST,
        WAKE,
        RATE
    }

    /**
     * From the command line.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    static ScaleOptions parse(final Path root, final Arguments arguments) {
        final Set<String> known = new HashSet<>(Pace.OPTIONS);
        known.addAll(Set.of("--case", "--devices", "--peer", "--spdk"));
        arguments.allow(known);
        final Set<Part> parts = EnumSet.noneOf(Part.class);
        for (final String name : arguments.values("--case")) {
            parts.add(Part.valueOf(name.toUpperCase(Locale.ROOT)));
        }
        return new ScaleOptions(
                root,
                root.resolve("bench/target/compare"),
                CompareOptions.peer(arguments),
                parts.isEmpty() ? EnumSet.allOf(Part.class) : parts,
                Integer.parseInt(arguments.last("--devices", "100")),
                Pace.parse(arguments));
    }

    /** How many are attached, one row of a table after the other. */
    List<Integer> steps() {
        return Arrays.stream(STEPS).filter(step -> step <= devices).boxed().toList();
    }
}
