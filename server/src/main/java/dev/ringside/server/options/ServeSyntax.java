package dev.ringside.server.options;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The options that every command has that serves a device, whatever the device is. Built by calls,
 * not by annotations: reading annotations would cost a good part of the time to the listening
 * socket.
 */
public final class ServeSyntax {
    public static final String SOCKET_PATH = "--socket-path";
    public static final String CLIENT = "--client";
    public static final String FD = "--fd";
    public static final String SOCKET_MODE = "--socket-mode";
    static final String SOCKET_OWNER = "--socket-owner";
    public static final String QUEUE_SIZE = "--queue-size";
    public static final String SHARDS = "--shards";
    public static final String CPU = "--cpu";
    public static final String IDLE = "--idle";
    public static final String SPIN_US = "--spin-us";
    public static final String QUEUE_BUDGET = "--queue-budget";
    public static final String DEVICE_SHARE_US = "--device-share-us";
    public static final String CONTROL_SOCKET = "--control-socket";
    public static final String CONTROL_READERS = "--control-readers";
    public static final String CONTROL_CLIENTS = "--control-clients";
    public static final String SANDBOX = "--sandbox";
    static final String MEMORY_SLOTS = "--memory-slots";
    static final String MAPPED_MEMORY = "--mapped-memory";
    public static final String MESSAGE_RATE = "--message-rate";
    public static final String DESCRIPTORS = "--descriptors";
    public static final String EXEMPLARS = "--exemplars";
    public static final String LOG_FORMAT = "--log-format";
    public static final String LOG_LEVEL = "--log-level";
    public static final String SLOW_TURN_MS = "--slow-turn-ms";
    public static final String SLOW_REQUEST_MS = "--slow-request-ms";
    public static final String METRICS_PORT = "--metrics-port";
    public static final String METRICS_ADDRESS = "--metrics-address";
    public static final String METRICS_CLIENTS = "--metrics-clients";

    public static final int DEFAULT_QUEUE_SIZE = 1024;
    static final int MAX_QUEUE_SIZE = 32_768;

    private ServeSyntax() {}

    static void addSocket(CommandSpec spec) {
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

    static void addQueueSize(CommandSpec spec) {
        text(
                spec,
                QUEUE_SIZE,
                "N",
                "Largest ring accepted, a power of two up to "
                        + MAX_QUEUE_SIZE
                        + ". Default: "
                        + DEFAULT_QUEUE_SIZE
                        + ".");
    }

    public static void addThreads(CommandSpec spec) {
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
        text(
                spec,
                QUEUE_BUDGET,
                "N",
                "Take at most N requests or frames of one queue before others get their turn."
                        + " Default: 64.");
        text(
                spec,
                DEVICE_SHARE_US,
                "N",
                "Take requests of one device for at most N microseconds before others get their"
                        + " turn, however many queues it has. Default: 50.");
    }

    public static void addRest(CommandSpec spec) {
        addLimits(spec);
        text(spec, METRICS_PORT, "PORT", "Serve Prometheus metrics here; 0: any free port.");
        text(spec, METRICS_ADDRESS, "HOST", "Address for --metrics-port. Default: 127.0.0.1.");
        text(spec, METRICS_CLIENTS, "N", "Clients of --metrics-port at a time. Default: 32.");
        flag(
                spec,
                EXEMPLARS,
                "Show the last request of each bucket of latency in OpenMetrics, with its sector.");
        text(
                spec,
                CONTROL_SOCKET,
                "PATH",
                "Listen here for 'ringside ctl' and for 'ringside upgrade', which replaces this"
                        + " process while guests run.");
        text(
                spec,
                CONTROL_READERS,
                "GROUP",
                "Members of this group may look at the process by --control-socket, and change"
                        + " nothing.");
        text(
                spec,
                CONTROL_CLIENTS,
                "N",
                "Clients of --control-socket at a time, at most half of them --control-readers."
                        + " Default: 16.");
        addLog(spec);
        flag(
                spec,
                SANDBOX,
                "Before serving, give up capabilities, files and system calls that are not needed"
                        + " any more.");
        flag(
                spec,
                Capabilities.OPTION,
                "Print what this back-end can as JSON and end; other options are ignored.");
        Syntax.addHelp(spec);
    }

    private static void addLog(CommandSpec spec) {
        text(spec, LOG_FORMAT, "FORMAT", "Lines on stderr: text or json. Default: text.");
        text(
                spec,
                LOG_LEVEL,
                "LEVEL",
                "Write lines from this level on: debug, info, warning or error. Default: info.");
        text(
                spec,
                SLOW_TURN_MS,
                "N",
                "Count, and tell Flight Recorder of, turns of a shard of N milliseconds or more."
                        + " Default: 10.");
        text(
                spec,
                SLOW_REQUEST_MS,
                "N",
                "Tell Flight Recorder of requests of N milliseconds or more. Default: 100.");
    }

    private static void addLimits(CommandSpec spec) {
        text(spec, MEMORY_SLOTS, "N", "Regions of memory for each front-end. Default: 509.");
        text(
                spec,
                MAPPED_MEMORY,
                "SIZE",
                "Memory that each front-end may share: 8G, for example. Default: 64T.");
        text(
                spec,
                MESSAGE_RATE,
                "N",
                "Messages read from each front-end in a second. Default: 50000.");
        text(
                spec,
                DESCRIPTORS,
                "N",
                "Descriptors that each front-end may have open in this process. Default: 2048.");
    }

    public static void text(CommandSpec spec, String name, String value, String description) {
        spec.addOption(
                OptionSpec.builder(name)
                        .type(String.class)
                        .paramLabel(value)
                        .description(description)
                        .build());
    }

    /** An option that may be given several times. */
    static void repeated(CommandSpec spec, String name, String value, String description) {
        spec.addOption(
                OptionSpec.builder(name)
                        .type(List.class)
                        .auxiliaryTypes(String.class)
                        .arity("1")
                        .paramLabel(value)
                        .description(description)
                        .build());
    }

    public static void flag(CommandSpec spec, String name, String description) {
        spec.addOption(
                OptionSpec.builder(name).type(boolean.class).description(description).build());
    }
}
