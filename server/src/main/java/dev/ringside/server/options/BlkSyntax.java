package dev.ringside.server.options;

import static dev.ringside.server.options.ServeSyntax.flag;
import static dev.ringside.server.options.ServeSyntax.text;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The options of {@code ringside blk} and their help. */
public final class BlkSyntax {
    public static final String COMMAND = "ringside blk";

    public static final String BLK_FILE = "--blk-file";
    static final String BACKEND = "--backend";
    static final String READ_ONLY = "--read-only";
    public static final String NUM_QUEUES = "--num-queues";
    static final String SERIAL = "--serial";
    public static final String NAME = NetSyntax.NAME;
    static final String BLOCK_SIZE = "--block-size";
    static final String PHYSICAL_BLOCK_SIZE = "--physical-block-size";

    public static final String ON_ERROR = "--on-error";

    /** Only in a configuration: alone a disk needs no group. */
    public static final String LIMIT_GROUP = "--limit-group";

    private BlkSyntax() {}

    /** A parser that takes every value as text: {@link BlkParser} gives it its meaning. */
    public static CommandLine commandLine() {
        CommandSpec spec =
                Syntax.command(
                        COMMAND,
                        "ringside blk (--socket-path=PATH [--client] | --fd=N)",
                        "             (--blk-file=PATH | --backend=URI) [OPTION...]");
        UsageMessageSpec usage = spec.usageMessage();
        usage.description("%nServes one disk to one virtual machine.%n");
        ServeSyntax.addSocket(spec);
        addDisk(spec);
        ServeSyntax.addThreads(spec);
        ServeSyntax.addRest(spec);
        usage.footer(
                "",
                "Errors end with exit status 78 and one line on stderr. When the socket listens,",
                "one line on stderr starts with 'ringside: ready:'. SIGTERM ends it cleanly.");
        return Syntax.commandLine(spec);
    }

    private static void addDisk(CommandSpec spec) {
        text(spec, BLK_FILE, "PATH", "Serve this regular file or block device.");
        text(
                spec,
                BACKEND,
                "URI",
                "Serve this storage: file:PATH, memory:size=1G or null:size=1G.");
        flag(spec, READ_ONLY, "The guest may not write.");
        text(
                spec,
                NUM_QUEUES,
                "N",
                "Request queues offered, 1 to "
                        + BlkOptions.MAX_QUEUES
                        + ". Default: "
                        + BlkOptions.DEFAULT_QUEUES
                        + ".");
        ServeSyntax.addQueueSize(spec);
        text(spec, SERIAL, "TEXT", "Serial that the guest sees, up to 20 characters.");
        text(
                spec,
                ON_ERROR,
                "POLICY",
                "When the storage fails a request: report (the guest gets the error), enospc (wait"
                        + " for space, report the rest) or hold (wait until it works). Default:"
                        + " report.");
        RateOptions.add(spec);
        text(spec, NAME, "TEXT", "Name in metrics and messages. Default: the socket's.");
        text(
                spec,
                BLOCK_SIZE,
                "BYTES",
                "Logical block size, a power of two from 512. Default: the storage's.");
        text(
                spec,
                PHYSICAL_BLOCK_SIZE,
                "BYTES",
                "Physical block size, a power of two. Default: the storage's.");
    }
}
