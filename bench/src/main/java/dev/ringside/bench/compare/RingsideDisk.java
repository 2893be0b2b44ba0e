package dev.ringside.bench.compare;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@code ringside blk} of this repository.
 *
 * @param root the repository
 * @param more options besides those that the storage needs
 */
record RingsideDisk(Path root, List<String> more) implements DiskProgram {
    @Override
    public String title() {
        return "Ringside";
    }

    @Override
    public boolean serves(final Storage storage) {
        return true;
    }

    @Override
    public List<String> command(
            final Storage storage, final Path image, final Path socket, final int cpu) {
        return Stream.concat(
                        Stream.of(
                                root.resolve("bin/ringside").toString(),
                                "blk",
                                "--socket-path=" + socket,
                                "--backend=" + backend(storage, image),
                                "--num-queues=1"),
                        more.stream())
                .toList();
    }

    private static String backend(final Storage storage, final Path image) {
        return switch (storage) {
            case NULL -> "null:size=" + storage.sizeBytes();
            case MEMORY -> "memory:size=" + storage.sizeBytes();
            case TMPFS -> "file:" + image + ",direct=off";
            case FILE -> "file:" + image + ",direct=on";
        };
    }
}
