package dev.ringside.server.cli;

import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SocketSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the operator is told when all is up. */
final class ReadyLine {
    private static final String READ_ONLY = ", read-only";

    /** How a backend's description begins the reason of a fall-back. */
    private static final String FALL_BACK = ", because ";

    private ReadyLine() {}

    /** The part after {@code ringside: ready: }. */
    static String text(
            BlkOptions options, String device, String backend, @Nullable String metricsUrl) {
        return "disk "
                + device
                + ": "
                + backend
                + (options.readOnly() && !backend.contains(READ_ONLY) ? READ_ONLY : "")
                + "; "
                + socket(options.source())
                + "; "
                + count(options.queues(), "queue")
                + " of up to "
                + options.queueSize()
                + "; "
                + count(options.shards(), "shard")
                + pinned(options)
                + (options.idle() == IdleMode.ADAPTIVE ? ", adaptive" : ", busy-spin")
                + "; "
                + (metricsUrl == null ? "no metrics" : "metrics " + metricsUrl);
    }

    /** What is not as asked for, or odd, and still works. */
    static List<String> notes(BlkOptions options, String backend) {
        List<String> notes = new ArrayList<>();
        int reason = backend.lastIndexOf(FALL_BACK);
        if (reason >= 0) {
            notes.add(
                    "the disk is served through the page cache: "
                            + backend.substring(reason + FALL_BACK.length())
                            + " (direct=off in --backend=file:PATH,direct=off asks for that)");
        }
        if (options.shards() > options.queues()) {
            notes.add(
                    Values.given(BlkSyntax.SHARDS, Integer.toString(options.shards()))
                            + " is more than "
                            + Values.given(BlkSyntax.NUM_QUEUES, Integer.toString(options.queues()))
                            + ": a queue belongs to one shard, so the others have nothing to do");
        }
        return notes;
    }

    /** How metrics and messages name the device: as the operator named the socket. */
    static String deviceName(SocketSource source) {
        return switch (source) {
            case SocketSource.Listen listen -> baseName(listen.path());
            case SocketSource.Connect connect -> baseName(connect.path());
            case SocketSource.Inherited inherited -> "fd" + inherited.fdNumber();
        };
    }

    private static String baseName(Path path) {
        Path file = path.getFileName();
        String name = file == null ? "" : file.toString();
        int dot = name.lastIndexOf('.');
        String base = dot > 0 ? name.substring(0, dot) : name;
        return base.isBlank() ? "disk" : base;
    }

    private static String socket(SocketSource source) {
        return switch (source) {
            case SocketSource.Listen listen ->
                    "listening on " + listen.path() + " (mode " + octal(listen.mode()) + ")";
            case SocketSource.Connect connect -> "connecting to " + connect.path();
            case SocketSource.Inherited inherited -> "inherited socket " + inherited.fdNumber();
        };
    }

    /** As chmod(1) takes it. Not by a Formatter: loading that one costs more than the line. */
    private static String octal(int mode) {
        String digits = Integer.toOctalString(mode);
        return "0".repeat(Math.max(0, 4 - digits.length())) + digits;
    }

    private static String pinned(BlkOptions options) {
        if (options.cpus().isEmpty()) {
            return "";
        }
        int[] cpus = options.cpus().stream().mapToInt(Integer::intValue).toArray();
        return " on " + (cpus.length == 1 ? "cpu " : "cpus ") + CpuList.format(cpus);
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
