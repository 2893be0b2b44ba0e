package dev.ringside.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** One process with many null disks, and front-ends attached to the first of them. One thread. */
final class ManyDisks implements AutoCloseable {
    private final PinnedProcess process;
    private final List<Path> sockets;
    private final boolean hugePages;
    private final List<LoadedDisk> disks = new ArrayList<>();

    private ManyDisks(
            final PinnedProcess process, final List<Path> sockets, final boolean hugePages) {
        this.process = process;
        this.sockets = sockets;
        this.hugePages = hugePages;
    }

    /** Starts it with so many, and nobody attached; it stands still. */
    static ManyDisks start(final DiskProgram program, final int count, final BackEnd.Place place)
            throws IOException {
        final String name = program.fileName();
        final List<Path> sockets =
                IntStream.range(0, count)
                        .mapToObj(i -> place.folder().resolve(name + "-" + i + ".sock"))
                        .toList();
        for (final Path socket : sockets) {
            Files.deleteIfExists(socket);
        }
        final Path log = place.folder().resolve(name + "-many.log");
        final PinnedProcess process =
                PinnedProcess.start(program.many(sockets, place.cpu()), place.cpu(), log);
        try {
            // The last one: all others are there then.
            process.connect(sockets.getLast()).close();
            process.rest();
        } catch (IOException e) {
            process.kill();
            throw new IOException(program.title() + " does not serve; see " + log, e);
        }
        return new ManyDisks(process, sockets, place.hugePages());
    }

    /**
     * Attaches front-ends until there are so many.
     *
     * @return how long each of them took at the median, in ms; 0 when they were there already
     */
    double attachUpTo(final int count) throws IOException {
        return process.awake(
                () -> {
                    final List<Double> times = new ArrayList<>();
                    while (disks.size() < count) {
                        final long start = System.nanoTime();
                        disks.add(LoadedDisk.attach(sockets.get(disks.size()), hugePages));
                        times.add((System.nanoTime() - start) / 1e6);
                    }
                    return times.isEmpty() ? 0 : Duel.median(times);
                });
    }

    PinnedProcess process() {
        return process;
    }

    /** Those with a front-end. */
    List<LoadedDisk> attached() {
        return disks;
    }

    @Override
    public void close() throws IOException {
        process.resume();
        disks.forEach(LoadedDisk::close);
        process.close();
        for (final Path socket : sockets) {
            Files.deleteIfExists(socket);
        }
    }
}
