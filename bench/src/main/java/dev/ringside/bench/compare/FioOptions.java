package dev.ringside.bench.compare;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What to measure beside fio.
 *
 * @param root the repository
 * @param folder where the file goes
 * @param depths requests in flight
 */
record FioOptions(Path root, Path folder, List<Integer> depths, Pace pace) {
    /** What {@code --help} says. */
    static final String USAGE =
            """
            usage: bench/compare fio [--depth=N ...] [--pairs=N] [--seconds=S] [--quick]
                                     [--folder=DIR]

            Reads and writes the same file with O_DIRECT in turn: through Ringside, driven from
            processor 0, and by fio with io_uring alone on processor 1, where Ringside runs.\
            """;

    /**
     * From the command line.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    static FioOptions parse(final Path root, final Arguments arguments) {
        final Set<String> known = new HashSet<>(Pace.OPTIONS);
        known.addAll(Set.of("--depth", "--folder"));
        arguments.allow(known);
        final String folder =
                arguments.last("--folder", root.resolve("bench/target/compare").toString());
        return new FioOptions(
                root,
                Path.of(folder).toAbsolutePath(),
                arguments.numbers("--depth", 1, 32, 128),
                Pace.parse(arguments));
    }
}
