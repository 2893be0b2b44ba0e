package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.Fd;
import dev.ringside.virtio.blk.backend.FileOptions.Direct;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Opens backends from text. The grammar, which {@code docs/virtio-blk.md} explains:
 *
 * <pre>
 * file:PATH[,direct=auto|on|off][,discard=on|off][,lock=on|off][,block-size=N]
 *     [,physical-block-size=N]
 * null:size=N[,read-zeroes=on|off]
 * memory:size=N
 * </pre>
 */
public final class BlockBackends {
    private static final String FILE = "file";
    private static final Set<String> WITHOUT_PATH = Set.of("null", "memory");

    private BlockBackends() {}

    /**
     * Opens what a text describes. May block: never on a shard or the conductor.
     *
     * @throws BackendException when the text is wrong or the medium cannot be used; the message is
     *     for the operator
     */
    public static BlockBackend open(String uri, boolean readOnly) throws BackendException {
        return open(uri, readOnly, null);
    }

    /**
     * As {@link #open(String, boolean)}, on the storage that another process had open.
     *
     * @param storage its {@link BlockBackend#storage}, the backend's from now on; null: open it
     */
    public static BlockBackend open(String uri, boolean readOnly, @Nullable Fd storage)
            throws BackendException {
        BackendUri parsed = BackendUri.parse(uri, scheme -> !WITHOUT_PATH.contains(scheme));
        return switch (parsed.scheme()) {
            case FILE -> FileBackend.open(fileOptions(parsed, readOnly), storage);
            case "null" -> {
                parsed.allowOnly(Set.of("size", "read-zeroes"));
                yield new NullBackend(
                        parsed.capacity(), readOnly, parsed.flag("read-zeroes", false));
            }
            case "memory" -> {
                parsed.allowOnly(Set.of("size"));
                yield storage == null
                        ? MemoryBackend.create(parsed.capacity(), readOnly)
                        : MemoryBackend.of(storage, parsed.capacity(), readOnly);
            }
            default ->
                    throw new BackendException(
                            "backend \""
                                    + uri
                                    + "\": unknown scheme \""
                                    + parsed.scheme()
                                    + "\"; there are file, memory, null");
        };
    }

    private static FileOptions fileOptions(BackendUri uri, boolean readOnly)
            throws BackendException {
        uri.allowOnly(Set.of("direct", "block-size", "physical-block-size", "discard", "lock"));
        if (uri.path().isEmpty()) {
            throw new BackendException("file: the path is missing; write file:/path/to/disk.img");
        }
        try {
            return new FileOptions(
                    Path.of(uri.path()),
                    readOnly,
                    direct(uri),
                    uri.blockSize("block-size"),
                    uri.blockSize("physical-block-size"),
                    uri.flag("discard", true),
                    uri.flag("lock", true));
        } catch (InvalidPathException e) {
            throw new BackendException("file: " + uri.path() + ": not a path: " + e.getReason(), e);
        }
    }

    private static Direct direct(BackendUri uri) throws BackendException {
        String text = uri.value("direct");
        if (text == null) {
            return Direct.AUTO;
        }
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "auto" -> Direct.AUTO;
            case "on" -> Direct.ON;
            case "off" -> Direct.OFF;
            default ->
                    throw new BackendException(
                            "file: direct=" + text + ": must be auto, on or off");
        };
    }
}
