package dev.ringside.server.cli;

import dev.ringside.server.config.Option;
import dev.ringside.server.config.Syntax;
import java.util.List;

/** The options of {@code ringside blk} and their help. */
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

    static final Syntax SYNTAX =
            new Syntax(
                    "ringside blk",
                    "ringside blk (--socket-path=PATH [--client] | --fd=N)\n"
                            + "             (--blk-file=PATH | --backend=URI) [OPTION...]",
                    "Serves one disk to one virtual machine.",
                    List.of(
                            Option.of(
                                    SOCKET_PATH,
                                    "PATH",
                                    "Listen on this unix socket for the front-end."),
                            Option.flag(
                                    CLIENT,
                                    "Connect to --socket-path instead, where the front-end"
                                            + " listens, and connect again after each loss."),
                            Option.of(
                                    FD,
                                    "N",
                                    "Use the inherited unix socket with this number, listening"
                                            + " or connected."),
                            Option.of(
                                    SOCKET_MODE,
                                    "MODE",
                                    "Permissions of the socket file, octal. Default: 0600."),
                            Option.of(
                                    SOCKET_OWNER,
                                    "USER[:GROUP]",
                                    "Owner of the socket file. Default: who runs this."),
                            Option.of(BLK_FILE, "PATH", "Serve this regular file or block device."),
                            Option.of(
                                    BACKEND,
                                    "URI",
                                    "Serve this storage: file:PATH, memory:size=1G or"
                                            + " null:size=1G."),
                            Option.flag(READ_ONLY, "The guest may not write."),
                            Option.of(
                                    NUM_QUEUES,
                                    "N",
                                    "Request queues offered, 1 to "
                                            + BlkOptions.MAX_QUEUES
                                            + ". Default: "
                                            + BlkOptions.DEFAULT_QUEUES
                                            + "."),
                            Option.of(
                                    QUEUE_SIZE,
                                    "N",
                                    "Largest ring accepted, a power of two up to "
                                            + BlkOptions.MAX_QUEUE_SIZE
                                            + ". Default: "
                                            + BlkOptions.DEFAULT_QUEUE_SIZE
                                            + "."),
                            Option.of(
                                    SERIAL,
                                    "TEXT",
                                    "Serial that the guest sees, up to 20 characters."),
                            Option.of(
                                    BLOCK_SIZE,
                                    "BYTES",
                                    "Logical block size, a power of two from 512. Default: the"
                                            + " storage's."),
                            Option.of(
                                    PHYSICAL_BLOCK_SIZE,
                                    "BYTES",
                                    "Physical block size, a power of two. Default: the storage's."),
                            Option.of(
                                    SHARDS,
                                    "N",
                                    "Polling threads; queues are spread over them. Default: 1,"
                                            + " or as many as --cpu names."),
                            Option.of(
                                    CPU,
                                    "LIST",
                                    "Pin the shards to these processors, in order: 1,3-5."),
                            Option.of(
                                    IDLE,
                                    "MODE",
                                    "adaptive: sleep when there is nothing to do. busy-spin:"
                                            + " never sleep. Default: adaptive."),
                            Option.of(
                                    SPIN_US,
                                    "N",
                                    "Spin for at most N microseconds before an adaptive shard"
                                            + " sleeps: more for latency, less for the processor."
                                            + " Default: 50."),
                            Option.of(
                                    METRICS_PORT,
                                    "PORT",
                                    "Serve Prometheus metrics here; 0: any free port."),
                            Option.of(
                                    METRICS_ADDRESS,
                                    "HOST",
                                    "Address for --metrics-port. Default: 127.0.0.1."),
                            Option.flag(
                                    Capabilities.OPTION,
                                    "Print what this back-end can as JSON and end; other options"
                                            + " are ignored.")),
                    "Errors end with exit status 78 and one line on stderr. When the socket"
                            + " listens, one line on stderr starts with 'ringside: ready:'."
                            + " SIGTERM ends it cleanly.");

    private BlkSyntax() {}
}
