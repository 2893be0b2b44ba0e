package dev.ringside.server.options;

import dev.ringside.server.engine.SocketSource;
import dev.ringside.virtio.blk.ErrorPolicy;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParseResult;

/** Gives the texts of {@link BlkSyntax} their meaning and checks them against each other. */
public final class BlkParser {
    public static final String FILE_SCHEME = "file:";
    private static final int LEAST_BLOCK_SIZE = 512;

    private final Given given;

    private BlkParser(Given given) {
        this.given = given;
    }

    /**
     * Checks everything that can be checked without opening or making anything.
     *
     * @param allowedCpus the processors that this process may use
     */
    public static BlkOptions parse(ParseResult result, int[] allowedCpus) throws OperatorException {
        Given given = Given.of(BlkSyntax.COMMAND, result);
        return parse(given, ServerOptions.parse(given, allowedCpus));
    }

    /** As {@link #parse}, for a process that takes over another one. */
    public static BlkOptions parseForTakeOver(ParseResult result, int[] allowedCpus)
            throws OperatorException {
        Given given = Given.of(BlkSyntax.COMMAND, result).forTakeOver();
        return parse(given, ServerOptions.parse(given, allowedCpus));
    }

    /** The disk that options describe, in a process that is described already. */
    public static BlkOptions parse(Given given, ServerOptions server) throws OperatorException {
        return new BlkParser(given).options(server);
    }

    private BlkOptions options(ServerOptions server) throws OperatorException {
        Integer blockSize = blockSize(BlkSyntax.BLOCK_SIZE, BlkOptions.MAX_BLOCK_SIZE);
        Integer physical =
                blockSize(BlkSyntax.PHYSICAL_BLOCK_SIZE, BlkOptions.MAX_PHYSICAL_BLOCK_SIZE);
        if (blockSize != null && physical != null && physical < blockSize) {
            throw new OperatorException(
                    given.shown(BlkSyntax.PHYSICAL_BLOCK_SIZE)
                            + " is less than "
                            + given.shown(BlkSyntax.BLOCK_SIZE)
                            + ": a physical block holds whole logical ones");
        }
        SocketSource source = SocketOptions.parse(given);
        String chosen = given.text(BlkSyntax.NAME);
        return new BlkOptions(
                chosen == null ? SocketOptions.deviceName(source, "disk") : chosen,
                source,
                backend(blockSize, physical),
                given.has(BlkSyntax.READ_ONLY),
                given.integer(
                        BlkSyntax.NUM_QUEUES, BlkOptions.DEFAULT_QUEUES, 1, BlkOptions.MAX_QUEUES),
                given.queueSize(),
                serial(),
                onError(),
                RateOptions.parse(given),
                given.text(BlkSyntax.LIMIT_GROUP),
                server);
    }

    /**
     * The storage as one URI. Its grammar: {@link dev.ringside.virtio.blk.backend.BlockBackends}.
     */
    private String backend(@Nullable Integer blockSize, @Nullable Integer physical)
            throws OperatorException {
        given.refuseBoth(BlkSyntax.BLK_FILE, BlkSyntax.BACKEND);
        String uri = given.text(BlkSyntax.BACKEND);
        if (given.path(BlkSyntax.BLK_FILE) != null) {
            String file = String.valueOf(given.text(BlkSyntax.BLK_FILE));
            uri = FILE_SCHEME + file.replace(",", ",,");
        }
        if (uri == null) {
            throw new OperatorException(
                    "there is no disk: give "
                            + given.name(BlkSyntax.BLK_FILE)
                            + "=PATH or "
                            + given.name(BlkSyntax.BACKEND)
                            + "=URI (see ringside blk --help)");
        }
        String sizes =
                uriOption(BlkSyntax.BLOCK_SIZE, blockSize)
                        + uriOption(BlkSyntax.PHYSICAL_BLOCK_SIZE, physical);
        if (!sizes.isEmpty() && !uri.startsWith(FILE_SCHEME)) {
            throw new OperatorException(
                    given.name(BlkSyntax.BLOCK_SIZE)
                            + " and "
                            + given.name(BlkSyntax.PHYSICAL_BLOCK_SIZE)
                            + " are for files and block devices: leave them out with "
                            + Values.given(given.name(BlkSyntax.BACKEND), uri));
        }
        return uri + sizes;
    }

    private static String uriOption(String option, @Nullable Integer value) {
        return value == null ? "" : "," + option.substring(2) + "=" + value;
    }

    private ErrorPolicy onError() throws OperatorException {
        String text = given.text(BlkSyntax.ON_ERROR);
        ErrorPolicy policy = text == null ? ErrorPolicy.REPORT : ErrorPolicy.of(text);
        if (policy == null) {
            throw new OperatorException(
                    given.shown(BlkSyntax.ON_ERROR)
                            + " is not report (the guest gets the error), enospc (its requests"
                            + " wait while there is no space) or hold (they wait whatever the"
                            + " error is)");
        }
        return policy;
    }

    private @Nullable String serial() throws OperatorException {
        String serial = given.text(BlkSyntax.SERIAL);
        if (serial == null) {
            return null;
        }
        if (!serial.chars().allMatch(c -> c >= ' ' && c < 0x7f)
                || serial.length() > BlkOptions.MAX_SERIAL) {
            throw new OperatorException(
                    given.shown(BlkSyntax.SERIAL)
                            + " is not 1 to "
                            + BlkOptions.MAX_SERIAL
                            + " printable ASCII characters: virtio-blk has room for no others");
        }
        return serial;
    }

    private @Nullable Integer blockSize(String option, int most) throws OperatorException {
        String text = given.text(option);
        return text == null
                ? null
                : Values.powerOfTwo(given.name(option), text, LEAST_BLOCK_SIZE, most);
    }
}
