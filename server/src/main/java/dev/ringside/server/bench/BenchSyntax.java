package dev.ringside.server.bench;

import static dev.ringside.server.options.ServeSyntax.flag;
import static dev.ringside.server.options.ServeSyntax.text;

import dev.ringside.server.options.BlkSyntax;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Syntax;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The options of {@code ringside bench blk} and {@code ringside bench net}, and their help. */
public final class BenchSyntax {
    /** Measures disks. */
    public static final String BLK = "ringside bench blk";

    /** Measures NICs. */
    public static final String NET = "ringside bench net";

    static final String SOCKET_PATH = ServeSyntax.SOCKET_PATH;
    static final String VS = "--vs";
    static final String PID = "--pid";
    static final String VS_PID = "--vs-pid";
    static final String TURNS = "--turns";
    static final String RUNTIME = "--runtime";
    static final String WARM_UP = "--warm-up";
    public static final String JSON = "--json";
    public static final String HISTOGRAM_LOG = "--histogram-log";
    static final String QUEUE_SIZE = ServeSyntax.QUEUE_SIZE;
    static final String PACKED = "--packed";
    static final String NO_EVENT_IDX = "--no-event-idx";
    static final String NO_IN_FLIGHT = "--no-in-flight";
    static final String INTERRUPTS = "--interrupts";
    static final String HUGE_PAGES = "--huge-pages";
    static final String VERIFY = "--verify";
    static final String SEED = "--seed";

    static final String RW = "--rw";
    static final String RWMIXREAD = "--rwmixread";
    static final String BS = "--bs";
    static final String IODEPTH = "--iodepth";
    static final String OFFSET = "--offset";
    static final String SIZE = "--size";
    static final String RATE_IOPS = "--rate-iops";
    static final String INDIRECT = "--indirect";
    static final String NUM_QUEUES = BlkSyntax.NUM_QUEUES;

    static final String MODE = "--mode";
    static final String FRAME_SIZE = "--frame-size";
    static final String FLOWS = "--flows";
    static final String DEPTH = "--depth";
    static final String QUEUE_PAIRS = "--queue-pairs";

    private BenchSyntax() {}

    /** Takes every value as text. */
    public static CommandLine blk() {
        CommandSpec spec = spec(BLK, "disk");
        text(
                spec,
                RW,
                "KIND",
                "As fio: read, write, rw, randread, randwrite, randrw. What writes destroys what"
                        + " is on the disk. Default: randread.");
        text(spec, RWMIXREAD, "PERCENT", "Share of reads in rw and randrw. Default: 50.");
        text(spec, BS, "SIZE", "Bytes of a request, such as 512 or 64k. Default: 4k.");
        text(spec, IODEPTH, "N", "Requests in flight on each queue. Default: 32.");
        text(spec, NUM_QUEUES, "N", "Queues, 1 to 16. Default: 1.");
        text(
                spec,
                RATE_IOPS,
                "N",
                "Requests a second, each at its time, whether earlier ones are back or not; latency"
                        + " counts from that time. Default: as many as come back.");
        text(spec, OFFSET, "SIZE", "Where the part that is used begins. Default: 0.");
        text(spec, SIZE, "SIZE", "Length of that part. Default: to the end of the disk.");
        flag(spec, INDIRECT, "One indirect descriptor for each request.");
        flag(
                spec,
                VERIFY,
                "Writes carry a pattern, reads are compared with it, and all of it is read again"
                        + " at the end.");
        addQueues(spec);
        return finish(spec);
    }

    /** Takes every value as text. */
    public static CommandLine net() {
        CommandSpec spec = spec(NET, "NIC");
        text(
                spec,
                MODE,
                "MODE",
                "sink: the driver sends, the device swallows; source: the device sends; loop: the"
                        + " device sends back what it gets; latency: one frame there and back."
                        + " Default: loop.");
        text(
                spec,
                FRAME_SIZE,
                "BYTES",
                "Of a frame, or LEAST-MOST, or imix: of twelve frames seven of 64, four of 590, one"
                        + " of 1514. Default: 64.");
        text(
                spec,
                FLOWS,
                "N",
                "Frames are UDP over IPv4 of so many flows, up to 65536. Default: Ethernet alone.");
        text(spec, DEPTH, "N", "Frames under way on each queue pair. Default: 128.");
        text(spec, QUEUE_PAIRS, "N", "Queue pairs, 1 to 16. Default: 1.");
        flag(spec, VERIFY, "Frames carry a pattern, and what comes back is compared with it.");
        addQueues(spec);
        return finish(spec);
    }

    private static CommandSpec spec(String command, String what) {
        CommandSpec spec =
                Syntax.command(command, command + " --socket-path=PATH [--vs=PATH] [OPTION...]");
        spec.usageMessage()
                .description(
                        "%nDrives any vhost-user back-end's "
                                + what
                                + " without a virtual machine, and measures it.%n");
        text(spec, SOCKET_PATH, "PATH", "Where the back-end listens: side A.");
        text(spec, VS, "PATH", "Another back-end, side B: both take turns, A B A B.");
        text(spec, PID, "PID", "A's process, to count its CPU. Default: who listens.");
        text(spec, VS_PID, "PID", "B's process. Default: who listens.");
        text(spec, RUNTIME, "SECONDS", "Length of a turn. Default: 5.");
        text(spec, TURNS, "N", "Turns of each side. Default: 1, with --vs 5.");
        text(spec, WARM_UP, "SECONDS", "Before anything counts. Default: 1.");
        return spec;
    }

    private static void addQueues(CommandSpec spec) {
        text(spec, QUEUE_SIZE, "N", "Entries of each queue, a power of two. Default: 256.");
        flag(spec, PACKED, "Packed rings instead of split ones.");
        flag(spec, NO_EVENT_IDX, "Without VIRTIO_F_EVENT_IDX.");
        flag(spec, NO_IN_FLIGHT, "Without a region for what is in flight.");
        flag(spec, INTERRUPTS, "Sleep until the back-end calls, instead of polling.");
        flag(spec, HUGE_PAGES, "Share huge pages of 2 MiB instead of ordinary memory.");
        text(spec, SEED, "N", "Of the order and the patterns. Default: 1.");
    }

    private static CommandLine finish(CommandSpec spec) {
        flag(spec, JSON, "Print JSON instead of a table.");
        text(spec, HISTOGRAM_LOG, "FILE", "Write the latencies there, as HdrHistogram does.");
        Syntax.addHelp(spec);
        spec.usageMessage()
                .footer(
                        "",
                        "Exit status: 0; 1 when a request failed, data was wrong or frames were"
                                + " lost, or",
                        "when the back-end stopped answering; 78 when this could not begin.");
        return Syntax.commandLine(spec);
    }
}
