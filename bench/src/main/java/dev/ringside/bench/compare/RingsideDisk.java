package dev.ringside.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@code ringside blk} of a repository that was built.
 *
 * @param title what the tables call it
 * @param root the repository
 * @param queues queues of a disk
 * @param more options besides those that the storage needs
 */
record RingsideDisk(String title, Path root, int queues, List<String> more) implements DiskProgram {
    /** What tables call another build than this one. */
    static final String OTHER = "other";

    /** In a repository. */
    static final String LAUNCHER = "bin/ringside";

    /** This repository's. */
    RingsideDisk(final Path root, final int queues, final List<String> more) {
        this("Ringside", root, queues, more);
    }

    /** With one queue. */
    RingsideDisk(final Path root, final List<String> more) {
        this(root, 1, more);
    }

    /**
     * Another repository's.
     *
     * @throws IllegalArgumentException when none is there
     */
    static RingsideDisk other(final Path root) {
        return new RingsideDisk(OTHER, repository(root), 1, List.of());
    }

    /**
     * That of another build.
     *
     * @throws IllegalArgumentException when none is there
     */
    static Path repository(final Path root) {
        if (!Files.isExecutable(root.resolve(LAUNCHER))) {
            throw new IllegalArgumentException(
                    "there is no Ringside at " + root + ": it has no " + LAUNCHER);
        }
        return root.toAbsolutePath();
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
                                root.resolve(LAUNCHER).toString(),
                                "blk",
                                "--socket-path=" + socket,
                                "--backend=" + backend(storage, image),
                                "--num-queues=" + queues),
                        more.stream())
                .toList();
    }

    @Override
    public List<String> many(final List<Path> sockets, final int cpu) throws IOException {
        final StringBuilder text = new StringBuilder("[server]%n".formatted());
        for (final String option : more) {
            text.append(key(option)).append(System.lineSeparator());
        }
        for (int i = 0; i < sockets.size(); i++) {
            text.append("[disk.d%d]%n".formatted(i));
            text.append("socket-path = \"%s\"%n".formatted(sockets.get(i)));
            text.append("backend = \"%s\"%n".formatted(backend(Storage.NULL, Path.of(""))));
            text.append("num-queues = 1%n".formatted());
        }
        final Path config = sockets.getFirst().resolveSibling(fileName() + "-many.toml");
        Files.writeString(config, text);
        return List.of(root.resolve(LAUNCHER).toString(), "serve", config.toString());
    }

    // --name=value is name = "value" in a configuration.
    private static String key(final String option) {
        final String[] parts = option.substring("--".length()).split("=", 2);
        return "%s = \"%s\"".formatted(parts[0], parts[1]);
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
