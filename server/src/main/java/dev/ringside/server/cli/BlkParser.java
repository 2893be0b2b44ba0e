package dev.ringside.server.cli;

import dev.ringside.server.cli.BlkOptions.MetricsAddress;
import dev.ringside.server.engine.EngineConfig;
import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SocketSource;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Gives the texts of {@link BlkSyntax} their meaning and checks them against each other. */
final class BlkParser {
    private static final String FILE_SCHEME = "file:";
    private static final String DEFAULT_METRICS_HOST = "127.0.0.1";

    private final ParseResult given;
    private final int[] allowedCpus;

    private BlkParser(ParseResult given, int[] allowedCpus) {
        this.given = given;
        this.allowedCpus = allowedCpus;
    }

    /**
     * Checks everything that can be checked without opening or making anything.
     *
     * @param allowedCpus the processors that this process may use
     */
    static BlkOptions parse(ParseResult given, int[] allowedCpus) throws OperatorException {
        return new BlkParser(given, allowedCpus).options();
    }

    private BlkOptions options() throws OperatorException {
        for (OptionSpec option : given.matchedOptions()) {
            if (option.getValue() instanceof String value) {
                Values.notEmpty(option.longestName(), value);
            }
        }
        List<Integer> cpus = cpus();
        Integer blockSize = blockSize(BlkSyntax.BLOCK_SIZE, BlkOptions.MAX_BLOCK_SIZE);
        Integer physical =
                blockSize(BlkSyntax.PHYSICAL_BLOCK_SIZE, BlkOptions.MAX_PHYSICAL_BLOCK_SIZE);
        if (blockSize != null && physical != null && physical < blockSize) {
            throw new OperatorException(
                    Values.given(BlkSyntax.PHYSICAL_BLOCK_SIZE, physical.toString())
                            + " is less than "
                            + Values.given(BlkSyntax.BLOCK_SIZE, blockSize.toString())
                            + ": a physical block holds whole logical ones");
        }
        return new BlkOptions(
                source(),
                backend(blockSize, physical),
                has(BlkSyntax.READ_ONLY),
                integer(BlkSyntax.NUM_QUEUES, BlkOptions.DEFAULT_QUEUES, BlkOptions.MAX_QUEUES),
                queueSize(),
                serial(),
                shards(cpus),
                cpus,
                idle(),
                spinUs(),
                metrics());
    }

    private SocketSource source() throws OperatorException {
        String path = text(BlkSyntax.SOCKET_PATH);
        String fd = text(BlkSyntax.FD);
        if (path != null && fd != null) {
            throw new OperatorException(
                    "--socket-path=" + path + " and --fd=" + fd + " exclude each other: give one");
        }
        if (fd != null) {
            refuseWith(
                    BlkSyntax.FD, BlkSyntax.CLIENT, BlkSyntax.SOCKET_MODE, BlkSyntax.SOCKET_OWNER);
            return new SocketSource.Inherited(InheritedSocket.number(fd));
        }
        if (path == null) {
            throw new OperatorException(
                    "there is no socket: give --socket-path=PATH or --fd=N (see ringside blk"
                            + " --help)");
        }
        Path socket = path(BlkSyntax.SOCKET_PATH, path);
        if (has(BlkSyntax.CLIENT)) {
            refuseWith(BlkSyntax.CLIENT, BlkSyntax.SOCKET_MODE, BlkSyntax.SOCKET_OWNER);
            return new SocketSource.Connect(socket, BlkOptions.RECONNECT_MS);
        }
        requireParent(socket);
        String mode = text(BlkSyntax.SOCKET_MODE);
        SocketOwner owner = SocketOwner.parse(BlkSyntax.SOCKET_OWNER, text(BlkSyntax.SOCKET_OWNER));
        return new SocketSource.Listen(
                socket,
                mode == null
                        ? BlkOptions.DEFAULT_SOCKET_MODE
                        : Values.fileMode(BlkSyntax.SOCKET_MODE, mode),
                owner.user(),
                owner.group());
    }

    private static void requireParent(Path socket) throws OperatorException {
        Path parent = socket.toAbsolutePath().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new OperatorException(
                    Values.given(BlkSyntax.SOCKET_PATH, socket.toString())
                            + " lies in "
                            + parent
                            + ", which is not a directory: make it first (mkdir -p)");
        }
        if (Files.isDirectory(socket, LinkOption.NOFOLLOW_LINKS)) {
            throw new OperatorException(
                    Values.given(BlkSyntax.SOCKET_PATH, socket.toString())
                            + " is a directory: name a file in it, for example "
                            + socket.resolve("disk.sock"));
        }
    }

    /**
     * The storage as one URI. Its grammar: {@link dev.ringside.virtio.blk.backend.BlockBackends}.
     */
    private String backend(@Nullable Integer blockSize, @Nullable Integer physical)
            throws OperatorException {
        String file = text(BlkSyntax.BLK_FILE);
        String uri = text(BlkSyntax.BACKEND);
        if (file != null && uri != null) {
            throw new OperatorException(
                    "--blk-file="
                            + file
                            + " and --backend="
                            + uri
                            + " exclude each other: give one");
        }
        if (file != null) {
            path(BlkSyntax.BLK_FILE, file);
            uri = FILE_SCHEME + file.replace(",", ",,");
        }
        if (uri == null) {
            throw new OperatorException(
                    "there is no disk: give --blk-file=PATH or --backend=URI (see ringside blk"
                            + " --help)");
        }
        String sizes =
                uriOption(BlkSyntax.BLOCK_SIZE, blockSize)
                        + uriOption(BlkSyntax.PHYSICAL_BLOCK_SIZE, physical);
        if (!sizes.isEmpty() && !uri.startsWith(FILE_SCHEME)) {
            throw new OperatorException(
                    BlkSyntax.BLOCK_SIZE
                            + " and "
                            + BlkSyntax.PHYSICAL_BLOCK_SIZE
                            + " are for files and block devices: leave them out with "
                            + Values.given(BlkSyntax.BACKEND, uri));
        }
        return uri + sizes;
    }

    private static String uriOption(String option, @Nullable Integer value) {
        return value == null ? "" : "," + option.substring(2) + "=" + value;
    }

    private int queueSize() throws OperatorException {
        String text = text(BlkSyntax.QUEUE_SIZE);
        return text == null
                ? BlkOptions.DEFAULT_QUEUE_SIZE
                : Values.powerOfTwo(BlkSyntax.QUEUE_SIZE, text, 2, BlkOptions.MAX_QUEUE_SIZE);
    }

    private @Nullable String serial() throws OperatorException {
        String serial = text(BlkSyntax.SERIAL);
        if (serial == null) {
            return null;
        }
        if (!serial.chars().allMatch(c -> c >= ' ' && c < 0x7f)
                || serial.length() > BlkOptions.MAX_SERIAL) {
            throw new OperatorException(
                    Values.given(BlkSyntax.SERIAL, serial)
                            + " is not 1 to "
                            + BlkOptions.MAX_SERIAL
                            + " printable ASCII characters: virtio-blk has room for no others");
        }
        return serial;
    }

    private @Nullable Integer blockSize(String option, int most) throws OperatorException {
        String text = text(option);
        return text == null ? null : Values.powerOfTwo(option, text, 512, most);
    }

    private List<Integer> cpus() throws OperatorException {
        String text = text(BlkSyntax.CPU);
        return text == null ? List.of() : CpuList.parse(BlkSyntax.CPU, text, allowedCpus);
    }

    private int shards(List<Integer> cpus) throws OperatorException {
        int shards = integer(BlkSyntax.SHARDS, Math.max(1, cpus.size()), BlkOptions.MAX_SHARDS);
        if (!cpus.isEmpty() && shards != cpus.size()) {
            throw new OperatorException(
                    Values.given(BlkSyntax.SHARDS, Integer.toString(shards))
                            + " and "
                            + Values.given(BlkSyntax.CPU, String.valueOf(text(BlkSyntax.CPU)))
                            + " (processors: "
                            + cpus.size()
                            + ") do not match: name one processor for each shard, or leave out"
                            + " --shards");
        }
        return shards;
    }

    private IdleMode idle() throws OperatorException {
        String text = text(BlkSyntax.IDLE);
        if (text == null) {
            return IdleMode.ADAPTIVE;
        }
        return Values.word(BlkSyntax.IDLE, text, List.of("adaptive", "busy-spin"))
                        .equals("adaptive")
                ? IdleMode.ADAPTIVE
                : IdleMode.BUSY_SPIN;
    }

    private int spinUs() throws OperatorException {
        String text = text(BlkSyntax.SPIN_US);
        if (text == null) {
            return (int) (EngineConfig.DEFAULT_MAX_SPIN_NS / 1_000);
        }
        if (idle() == IdleMode.BUSY_SPIN) {
            throw new OperatorException(
                    Values.given(BlkSyntax.SPIN_US, text)
                            + " does nothing with --idle=busy-spin, which never sleeps: leave one"
                            + " of them out");
        }
        return Values.integer(BlkSyntax.SPIN_US, text, 0, BlkOptions.MAX_SPIN_US);
    }

    private @Nullable MetricsAddress metrics() throws OperatorException {
        String port = text(BlkSyntax.METRICS_PORT);
        String host = text(BlkSyntax.METRICS_ADDRESS);
        if (port == null) {
            if (host != null) {
                throw new OperatorException(
                        Values.given(BlkSyntax.METRICS_ADDRESS, host)
                                + " does nothing without --metrics-port=PORT: give that too");
            }
            return null;
        }
        return new MetricsAddress(
                host == null ? DEFAULT_METRICS_HOST : host,
                Values.integer(BlkSyntax.METRICS_PORT, port, 0, 65_535));
    }

    private int integer(String option, int byDefault, int most) throws OperatorException {
        String text = text(option);
        return text == null ? byDefault : Values.integer(option, text, 1, most);
    }

    private void refuseWith(String option, String... others) throws OperatorException {
        for (String other : others) {
            if (given.hasMatchedOption(other)) {
                throw new OperatorException(
                        other + " has no meaning with " + option + ": leave one of them out");
            }
        }
    }

    private boolean has(String option) {
        return given.hasMatchedOption(option);
    }

    private @Nullable String text(String option) {
        return given.hasMatchedOption(option) ? given.matchedOptionValue(option, "") : null;
    }

    private static Path path(String option, String text) throws OperatorException {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new OperatorException(
                    Values.given(option, text) + " is not a path: " + e.getReason(), e);
        }
    }
}
