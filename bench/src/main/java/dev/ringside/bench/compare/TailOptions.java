package dev.ringside.bench.compare;

import java.nio.file.Path;

/** What to measure of rare latencies. */
final class TailOptions {
    /** What {@code --help} says. */
    static final String USAGE =
            """
            usage: bench/compare tail [--peer=qemu-storage-daemon|spdk|DIR] [--spdk=PROGRAM]
                                      [--quick] [--case=null|memory|tmpfs|file ...] [--depth=N ...]
                                      [--pairs=N] [--seconds=S] [--folder=DIR]

            Latency of 4 KiB random reads up to the worst one, by default of null and tmpfs, with
            one in flight: of Ringside, of Ringside while its metrics are read each second, and of
            its peer, in turn.\
            """;

    private TailOptions() {}

    /**
     * From the command line.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    static CompareOptions parse(final Path root, final Arguments arguments) {
        Arguments all = arguments;
        if (arguments.values("--case").isEmpty()) {
            all = all.with("--case=null").with("--case=tmpfs");
        }
        if (arguments.values("--depth").isEmpty()) {
            all = all.with("--depth=1");
        }
        return CompareOptions.parse(root, all);
    }
}
