package dev.ringside.bench.compare;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * SPDK's vhost target with one reactor. It polls as long as it runs, and does not fall back from
 * huge pages to others.
 *
 * @param program its executable
 */
record SpdkDisk(Path program) implements DiskProgram {
    /** What {@code make install} of SPDK calls it. */
    static final String PROGRAM = "vhost";

    private static final int OWN_MIB = 768;
    // Those of two front-ends besides.
    private static final int ALL_MIB = OWN_MIB + 256;
    private static final int BLOCK_BYTES = 512;
    // Each controller's thread fills caches of buffers, which null disks need none of; with those
    // that it has by default there is enough for 31 controllers.
    private static final String SMALL_ACCEL_CACHES =
            """
            {"method": "accel_set_options",
                "params": {"small_cache_size": 16, "large_cache_size": 1}}\
            """;
    private static final String SMALL_BDEV_CACHES =
            """
                {"method": "bdev_set_options",
                 "params": {"iobuf_small_cache_size": 16, "iobuf_large_cache_size": 1}}\
            """;

    /**
     * The executable of that path, or of that name in {@code PATH}.
     *
     * @throws IllegalArgumentException when there is none; the message says where it comes from
     */
    static SpdkDisk find(final String program, final String searchPath) {
        return candidates(program, searchPath)
                .filter(path -> Files.isRegularFile(path) && Files.isExecutable(path))
                .findFirst()
                .map(path -> new SpdkDisk(path.toAbsolutePath()))
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "there is no SPDK at "
                                                + program
                                                + ": build its vhost target"
                                                + " (https://spdk.io/doc/vhost.html), and say"
                                                + " by --spdk=PATH where the program is"));
    }

    private static Stream<Path> candidates(final String program, final String searchPath) {
        return program.contains(File.separator)
                ? Stream.of(Path.of(program))
                : Stream.of(searchPath.split(File.pathSeparator, -1))
                        .map(folder -> Path.of(folder, program));
    }

    @Override
    public String title() {
        return "SPDK";
    }

    @Override
    public boolean serves(final Storage storage) {
        return true;
    }

    @Override
    public int hugePagesMib() {
        return ALL_MIB;
    }

    @Override
    public List<String> command(
            final Storage storage, final Path image, final Path socket, final int cpu)
            throws IOException {
        return command(config(storage, image, List.of(socket)), socket, cpu);
    }

    @Override
    public List<String> many(final List<Path> sockets, final int cpu) throws IOException {
        final String config = config(Storage.NULL, Path.of(""), sockets);
        return command(config, sockets.getFirst(), cpu);
    }

    private List<String> command(final String text, final Path socket, final int cpu)
            throws IOException {
        final Path config = Path.of(socket + ".json");
        Files.writeString(config, text);
        return List.of(
                program.toString(),
                "-m",
                "[" + cpu + "]",
                "-s",
                Integer.toString(OWN_MIB),
                "-S",
                socket.resolveSibling("").toString(),
                "-r",
                socket + ".rpc",
                "-c",
                config.toString(),
                "--no-pci");
    }

    /**
     * Its own configuration: a storage for each socket, and a controller that is called like the
     * socket.
     */
    static String config(final Storage storage, final Path image, final List<Path> sockets) {
        final List<String> storages = new ArrayList<>();
        final List<String> controllers = new ArrayList<>();
        if (sockets.size() > 1) {
            storages.add(SMALL_BDEV_CACHES);
        }
        for (int i = 0; i < sockets.size(); i++) {
            final String name = "disk" + i;
            storages.add(storage(storage, image, name));
            controllers.add(
                    """
                        {"method": "vhost_create_blk_controller",
                         "params": {"ctrlr": %s, "dev_name": "%s"}}\
                    """
                            .formatted(quoted(sockets.get(i).getFileName()), name));
        }
        return """
        {"subsystems": [
          {"subsystem": "accel", "config": [%s]},
          {"subsystem": "bdev", "config": [
        %s]},
          {"subsystem": "vhost_blk", "config": [
        %s]}]}
        """
                .formatted(
                        sockets.size() == 1 ? "" : SMALL_ACCEL_CACHES,
                        String.join(",\n", storages),
                        String.join(",\n", controllers));
    }

    private static String storage(final Storage storage, final Path image, final String name) {
        return """
            {"method": "%s",
             "params": {"name": "%s", "block_size": %d, %s}}\
        """
                .formatted(
                        switch (storage) {
                            case NULL -> "bdev_null_create";
                            case MEMORY -> "bdev_malloc_create";
                            case TMPFS, FILE -> "bdev_aio_create";
                        },
                        name,
                        BLOCK_BYTES,
                        switch (storage) {
                            case NULL, MEMORY ->
                                    "\"num_blocks\": " + storage.sizeBytes() / BLOCK_BYTES;
                            case TMPFS, FILE -> "\"filename\": " + quoted(image);
                        });
    }

    private static String quoted(final Path path) {
        return '"' + path.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
