package dev.ringside.bench.compare;

import java.io.File;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What to measure of disks.
 *
 * @param root the repository
 * @param peer with whom Ringside is compared
 * @param folder where images and sockets go; the file case measures the disk under it
 * @param idleNs for how long idle processor time is looked at
 * @param starts how often each is started to time it
 */
record CompareOptions(
        Path root,
        DiskProgram peer,
        Path folder,
        List<Storage> storages,
        List<Integer> depths,
        Pace pace,
        long idleNs,
        int starts) {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final Set<String> OPTIONS =
            Set.of("--case", "--depth", "--folder", "--peer", "--spdk");

    /** What {@code --help} says. */
    static final String USAGE =
            """
            usage: bench/compare [--peer=qemu-storage-daemon|spdk|DIR] [--spdk=PROGRAM] [--quick]
                                 [--case=null|memory|tmpfs|file ...] [--depth=N ...]
                                 [--pairs=N] [--seconds=S] [--folder=DIR]
                   bench/compare curve [--plots=DIR] and the same options but --depth

            Serves the same storage by Ringside and by its peer, drives both in turn from processor
            0 (they run on processor 1), and prints Markdown tables. curve: latency at rates that
            are asked for, drawn into DIR, by default bench/plots.
            --peer     qemu-storage-daemon, which has no case memory, spdk, or another repository
                       of Ringside, which was built: before and after
            --spdk     SPDK's vhost target; else the program vhost in PATH
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
        final DiskProgram peer = peer(arguments);
        return new CompareOptions(
                root,
                peer,
                Path.of(arguments.last("--folder", root.resolve("bench/target/compare").toString()))
                        .toAbsolutePath(),
                storages(arguments.values("--case"), peer),
                arguments.numbers("--depth", 1, 32, 128),
                pace,
                pace.quick() ? SECOND_NS : 10 * SECOND_NS,
                pace.quick() ? 1 : 5);
    }

    /** Whom {@code --peer} and {@code --spdk} name. */
    static DiskProgram peer(final Arguments arguments) {
        final String name = arguments.last("--peer", "qemu-storage-daemon");
        final boolean spdk = name.equals("spdk");
        if (!spdk && !arguments.values("--spdk").isEmpty()) {
            throw new IllegalArgumentException("--spdk is for --peer=spdk");
        }
        if (spdk) {
            return SpdkDisk.find(
                    arguments.last("--spdk", SpdkDisk.PROGRAM),
                    Objects.requireNonNullElse(System.getenv("PATH"), ""));
        }
        if (name.equals("qemu-storage-daemon")) {
            return new QemuDisk();
        }
        if (name.contains(File.separator)) {
            return RingsideDisk.other(Path.of(name));
        }
        throw new IllegalArgumentException(
                "there is no peer "
                        + name
                        + ", only qemu-storage-daemon, spdk, or the path of another Ringside");
    }

    private static List<Storage> storages(final List<String> names, final DiskProgram peer) {
        if (names.isEmpty()) {
            return Stream.of(Storage.values()).filter(peer::serves).toList();
        }
        final List<Storage> storages =
                names.stream().map(name -> Storage.valueOf(name.toUpperCase(Locale.ROOT))).toList();
        for (final Storage storage : storages) {
            if (!peer.serves(storage)) {
                throw new IllegalArgumentException(
                        peer.title() + " has no storage '" + storage.title() + "'");
            }
        }
        return storages;
    }
}
