package dev.ringside.bench.compare;

import dev.ringside.frontend.LoadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Ringside and its peer, each serving the same kind of storage. One thread.
 *
 * @param ringside ours
 * @param peer the other
 * @param frontendCpu the load generator's processor
 */
record DiskPair(BackEnd ringside, BackEnd peer, int frontendCpu) implements AutoCloseable {
    private static final int FILL_BYTES = 64 << 10;
    private static final int FILL_DEPTH = 8;

    /** What is done where the back-ends can run. */
    interface Work {
        void run(BackEnd.Place place) throws IOException;
    }

    /**
     * Makes sure that there are a folder and the huge pages that the peer needs, for so long as the
     * work takes.
     *
     * @throws IOException also when there are too few huge pages
     */
    static void prepared(final CompareOptions options, final Work work) throws IOException {
        prepared(options.peer(), options.folder(), options.pace().backendCpu(), 0, work);
    }

    /** The same, with so many MiB of huge pages besides where any are needed. */
    static void prepared(
            final DiskProgram peer,
            final Path folder,
            final int cpu,
            final int moreMib,
            final Work work)
            throws IOException {
        Files.createDirectories(folder);
        final int mib = peer.hugePagesMib() == 0 ? 0 : peer.hugePagesMib() + moreMib;
        try (HugePageReserve reserve = HugePageReserve.of(mib)) {
            if (!reserve.enough()) {
                throw new IOException(
                        peer.title()
                                + " needs "
                                + mib
                                + " MiB of huge pages that are free: write more into"
                                + " /proc/sys/vm/nr_hugepages");
            }
            work.run(new BackEnd.Place(folder, cpu, mib > 0));
        }
    }

    /** Starts both. */
    static DiskPair start(
            final CompareOptions options, final Storage storage, final BackEnd.Place place)
            throws IOException {
        return start(options, List.of(), storage, place);
    }

    /** Starts both; Ringside with more options. */
    static DiskPair start(
            final CompareOptions options,
            final List<String> more,
            final Storage storage,
            final BackEnd.Place place)
            throws IOException {
        final BackEnd ringside =
                BackEnd.start(new RingsideDisk(options.root(), more), storage, place);
        try {
            final BackEnd peer = BackEnd.start(options.peer(), storage, place);
            final DiskPair pair = new DiskPair(ringside, peer, options.pace().frontendCpu());
            if (storage == Storage.MEMORY) {
                pair.load(ringside, fill(storage));
                pair.load(peer, fill(storage));
            }
            return pair;
        } catch (IOException e) {
            ringside.close();
            throw e;
        }
    }

    // Pages that nobody wrote to may all be the same one.
    private static LoadOptions fill(final Storage storage) {
        return LoadOptions.randomWrite(FILL_DEPTH)
                .random(false)
                .blockBytes(FILL_BYTES)
                .requests(storage.sizeBytes() / FILL_BYTES);
    }

    /**
     * Drives one of them; it is awake meanwhile.
     *
     * @throws IOException also when a request failed
     */
    BackEnd.Run load(final BackEnd backEnd, final LoadOptions load) throws IOException {
        return backEnd.awake(() -> backEnd.drive(load, frontendCpu));
    }

    /** Ends both. */
    @Override
    public void close() throws IOException {
        try (peer) {
            ringside.close();
        }
    }
}
