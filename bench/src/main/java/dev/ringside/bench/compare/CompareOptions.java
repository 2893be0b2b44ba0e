package dev.ringside.bench.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What to measure.
 *
 * @param root the repository
 * @param folder where images and sockets go; the file case measures the disk under it
 * @param pairs runs of each back-end in a cell
 * @param turnNs length of a run
 * @param warmUpNs length of the run before the first
 * @param idleNs for how long idle processor time is looked at
 * @param starts how often each is started to time it
 * @param frontendCpu the load generator's processor
 * @param backendCpu the back-ends' processor
 */
record CompareOptions(
        Path root,
        Path folder,
        List<Storage> storages,
        List<Integer> depths,
        int pairs,
        long turnNs,
        long warmUpNs,
        long idleNs,
        int starts,
        int frontendCpu,
        int backendCpu) {
    private static final long SECOND_NS = 1_000_000_000L;

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
    static CompareOptions parse(final Path root, final List<String> arguments) {
        final boolean quick = arguments.contains("--quick");
        final List<Storage> storages = new ArrayList<>();
        final List<Integer> depths = new ArrayList<>();
        int pairs = quick ? 2 : 5;
        double seconds = quick ? 0.3 : 2;
        Path folder = root.resolve("bench/target/compare");
        for (final String argument : arguments) {
            final int equals = argument.indexOf('=');
            final String name = equals < 0 ? argument : argument.substring(0, equals);
            final String value = equals < 0 ? "" : argument.substring(equals + 1);
            switch (name) {
                case "--quick" -> {}
                case "--case" -> storages.add(Storage.valueOf(value.toUpperCase(Locale.ROOT)));
                case "--depth" -> depths.add(Integer.valueOf(value));
                case "--pairs" -> pairs = Integer.parseInt(value);
                case "--seconds" -> seconds = Double.parseDouble(value);
                case "--folder" -> folder = Path.of(value).toAbsolutePath();
                default -> throw new IllegalArgumentException("unknown option " + argument);
            }
        }
        return new CompareOptions(
                root,
                folder,
                storages.isEmpty() ? List.of(Storage.values()) : storages,
                depths.isEmpty() ? List.of(1, 32, 128) : depths,
                pairs,
                (long) (seconds * SECOND_NS),
                quick ? SECOND_NS / 2 : 3 * SECOND_NS,
                quick ? SECOND_NS : 10 * SECOND_NS,
                quick ? 1 : 5,
                0,
                1);
    }
}
