package dev.ringside.bench.compare;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What to measure of a disk whose queues are dealt out to shards.
 *
 * @param root the repository
 * @param folder where sockets and logs go
 * @param depths requests in flight on each queue
 */
record ShardOptions(Path root, Path folder, List<Integer> depths, Pace pace) {
    /** What {@code --help} says. */
    static final String USAGE =
            """
            usage: bench/compare shards [--depth=N ...] [--pairs=N] [--seconds=S] [--quick]

            Reads and writes a null disk with two queues, driven by one thread on processor 0: by
            two shards, which share processor 1, and by one, in turn.\
            """;

    /**
     * From the command line.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    static ShardOptions parse(final Path root, final Arguments arguments) {
        final Set<String> known = new HashSet<>(Pace.OPTIONS);
        known.addAll(Set.of("--depth"));
        arguments.allow(known);
        return new ShardOptions(
                root,
                root.resolve("bench/target/compare"),
                arguments.numbers("--depth", 1, 32, 128),
                Pace.parse(arguments));
    }
}
