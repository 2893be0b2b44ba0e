package dev.ringside.bench.compare;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What to measure of disks.
 *
 * @param root the repository
 * @param folder where images and sockets go; the file case measures the disk under it
 * @param idleNs for how long idle processor time is looked at
 * @param starts how often each is started to time it
 */
record CompareOptions(
        Path root,
        Path folder,
        List<Storage> storages,
        List<Integer> depths,
        Pace pace,
        long idleNs,
        int starts) {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final Set<String> OPTIONS = Set.of("--case", "--depth", "--folder");

    /** What {@code --help} says. */
    static final String USAGE =
            """
            usage: bench/compare [--quick] [--case=null|tmpfs|file ...] [--depth=N ...]
                                 [--pairs=N] [--seconds=S] [--folder=DIR]

            Serves the same storage by Ringside and by qemu-storage-daemon, drives both in turn from
            processor 0 (they run on processor 1), and prints Markdown tables.
            --quick    short runs: whether it works, not how fast
            --folder   where images go: the file case measures the disk under it\
            """;

    /**
     * From the command line.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    static CompareOptions parse(final Path root, final Arguments arguments) {
        final Set<String> known = new HashSet<>(OPTIONS);
        known.addAll(Pace.OPTIONS);
        arguments.allow(known);
        final Pace pace = Pace.parse(arguments);
        final List<Storage> storages =
                arguments.values("--case").stream()
                        .map(value -> Storage.valueOf(value.toUpperCase(Locale.ROOT)))
                        .toList();
        final List<Integer> depths =
                arguments.values("--depth").stream().map(Integer::valueOf).toList();
        return new CompareOptions(
                root,
                Path.of(arguments.last("--folder", root.resolve("bench/target/compare").toString()))
                        .toAbsolutePath(),
                storages.isEmpty() ? List.of(Storage.values()) : storages,
                depths.isEmpty() ? List.of(1, 32, 128) : depths,
                pace,
                pace.quick() ? SECOND_NS : 10 * SECOND_NS,
                pace.quick() ? 1 : 5);
    }
}
