package dev.ringside.server.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * The options of {@code ringside blk} and their help. Built by calls, not by annotations: reading
 * annotations would cost a good part of the time to the listening socket.
 */
final class BlkSyntax {
    static final String SOCKET_PATH = "--socket-path";
    static final String CLIENT = "--client";
    static final String FD = "--fd";
    static final String SOCKET_MODE = "--socket-mode";
    static final String SOCKET_OWNER = "--socket-owner";
    static final String BLK_FILE = "--blk-file";
    static final String BACKEND = "--backend";
    static final String READ_ONLY = "--read-only";
    static final String NUM_QUEUES = "--num-queues";
    static final String QUEUE_SIZE = "--queue-size";
    static final String SERIAL = "--serial";
    static final String BLOCK_SIZE = "--block-size";
    static final String PHYSICAL_BLOCK_SIZE = "--physical-block-size";
    static final String SHARDS = "--shards";
    static final String CPU = "--cpu";
    static final String IDLE = "--idle";
    static final String SPIN_US = "--spin-us";
    static final String METRICS_PORT = "--metrics-port";
    static final String METRICS_ADDRESS = "--metrics-address";

    private BlkSyntax() {}

    /** A parser that takes every value as text: {@link BlkParser} gives it its meaning. */
    static CommandLine commandLine() {
        CommandSpec spec = CommandSpec.create().name("ringside blk");
        UsageMessageSpec usage = spec.usageMessage();
        usage.width(Syntax.WIDTH)
                .sortOptions(false)
                .sortSynopsis(false)
                .customSynopsis(
                        "ringside blk (--socket-path=PATH [--client] | --fd=N)",
                        "             (--blk-file=PATH | --backend=URI) [OPTION...]")
                .description("%nServes one disk to one virtual machine.%n");
        addSocket(spec);
        addDisk(spec);
        addThreads(spec);
        addRest(spec);
        usage.footer(
                "",
                "Errors end with exit status 78 and one line on stderr. When the socket listens,",
                "one line on stderr starts with 'ringside: ready:'. SIGTERM ends it cleanly.");
        return Syntax.configure(new CommandLine(spec));
    }

    private static void addSocket(CommandSpec spec) {
        text(spec, SOCKET_PATH, "PATH", "Listen on this unix socket for the front-end.");
        flag(
                spec,
                CLIENT,
                "Connect to --socket-path instead, where the front-end listens, and connect again"
                        + " after each loss.");
        text(
                spec,
                FD,
                "N",
                "Use the inherited unix socket with this number, listening or connected.");
        text(spec, SOCKET_MODE, "MODE", "Permissions of the socket file, octal. Default: 0600.");
        text(
                spec,
                SOCKET_OWNER,
                "USER[:GROUP]",
                "Owner of the socket file. Default: who runs this.");
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
        text(
                spec,
                QUEUE_SIZE,
                "N",
                "Largest ring accepted, a power of two up to "
                        + BlkOptions.MAX_QUEUE_SIZE
                        + ". Default: "
                        + BlkOptions.DEFAULT_QUEUE_SIZE
                        + ".");
        text(spec, SERIAL, "TEXT", "Serial that the guest sees, up to 20 characters.");
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

    private static void addThreads(CommandSpec spec) {
        text(
                spec,
                SHARDS,
                "N",
                "Polling threads; queues are spread over them. Default: 1, or as many as --cpu"
                        + " names.");
        text(spec, CPU, "LIST", "Pin the shards to these processors, in order: 1,3-5.");
        text(
                spec,
                IDLE,
                "MODE",
                "adaptive: sleep when there is nothing to do. busy-spin: never sleep. Default:"
                        + " adaptive.");
        text(
                spec,
                SPIN_US,
                "N",
                "Spin for at most N microseconds before an adaptive shard sleeps: more for latency,"
                        + " less for the processor. Default: 50.");
    }

    private static void addRest(CommandSpec spec) {
        text(spec, METRICS_PORT, "PORT", "Serve Prometheus metrics here; 0: any free port.");
        text(spec, METRICS_ADDRESS, "HOST", "Address for --metrics-port. Default: 127.0.0.1.");
        flag(
                spec,
                Capabilities.OPTION,
                "Print what this back-end can as JSON and end; other options are ignored.");
        spec.addOption(
                OptionSpec.builder(Syntax.HELP, "-h")
                        .type(boolean.class)
                        .usageHelp(true)
                        .description("Print this help and end.")
                        .build());
    }

    private static void text(CommandSpec spec, String name, String value, String description) {
        spec.addOption(
                OptionSpec.builder(name)
                        .type(String.class)
                        .paramLabel(value)
                        .description(description)
                        .build());
    }

    private static void flag(CommandSpec spec, String name, String description) {
        spec.addOption(
                OptionSpec.builder(name).type(boolean.class).description(description).build());
    }
}
