package dev.ringside.server.options;

import static dev.ringside.server.options.ServeSyntax.repeated;
import static dev.ringside.server.options.ServeSyntax.text;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The options of {@code ringside net} and their help. */
public final class NetSyntax {
    public static final String COMMAND = "ringside net";

    public static final String NIC = "--nic";
    public static final String UPLINK = "--uplink";
    public static final String NAME = "--name";
    static final String TAP = "--tap";
    static final String SWITCH = "--switch";
    public static final String PORT = "--port";
    public static final String QUEUE_PAIRS = "--queue-pairs";
    static final String MAC = "--mac";
    static final String MTU = "--mtu";
    static final String RATE_LIMIT_IN = "--rate-limit-in";
    static final String RATE_LIMIT_OUT = "--rate-limit-out";
    public static final String CAPTURE = "--capture";

    private NetSyntax() {}

    /** A parser that takes every value as text: {@link NetParser} gives it its meaning. */
    public static CommandLine commandLine() {
        CommandSpec spec =
                Syntax.command(
                        COMMAND,
                        "ringside net (--socket-path=PATH [--client] | --fd=N)",
                        "             (--tap=NAME | --switch=NAME | --port=URI) [OPTION...]",
                        "ringside net --nic=PATH,KEY=VALUE... [--nic=...]... [OPTION...]");
        UsageMessageSpec usage = spec.usageMessage();
        usage.description(
                "%nServes NICs to virtual machines: one, or with --nic several. Its port"
                        + " is what a NIC is plugged into.%n");
        ServeSyntax.addSocket(spec);
        addNic(spec);
        addSeveral(spec);
        ServeSyntax.addThreads(spec);
        ServeSyntax.addRest(spec);
        usage.footer(
                "",
                "Errors end with exit status 78 and one line on stderr. When the sockets listen,",
                "one line on stderr starts with 'ringside: ready:'. SIGTERM ends it cleanly;",
                "SIGUSR2 switches every capture on or off.");
        return Syntax.commandLine(spec);
    }

    private static void addNic(CommandSpec spec) {
        text(spec, TAP, "NAME[,KEY=VALUE...]", "Port: this TAP of the host; made if need be.");
        text(spec, SWITCH, "NAME[,KEY=VALUE...]", "Port: the switch of this name in this process.");
        text(
                spec,
                PORT,
                "URI",
                "Port: tap:NAME, macvtap:NAME, switch:NAME, packet:IFACE, socket:PATH, null,"
                        + " loopback or generator:size=64.");
        text(
                spec,
                QUEUE_PAIRS,
                "N",
                "Pairs of a receiveq and a transmitq, 1 to "
                        + NicOptions.MAX_QUEUE_PAIRS
                        + ". Default: 1.");
        ServeSyntax.addQueueSize(spec);
        text(spec, MAC, "ADDRESS", "Address told to the driver, as 52:54:00:12:34:56.");
        text(
                spec,
                MTU,
                "BYTES",
                "Largest IP packet, told to the driver; "
                        + NicOptions.MIN_MTU
                        + " to "
                        + NicOptions.MAX_MTU
                        + ".");
        text(spec, NAME, "TEXT", "Name in metrics and messages. Default: the socket's.");
        text(
                spec,
                RATE_LIMIT_IN,
                "LIMIT",
                "Most traffic to the guest: bits or packets per second, such as 100M or"
                        + " 50kpps, or both and bursts: 1G,100kpps,burst=2Mb.");
        text(spec, RATE_LIMIT_OUT, "LIMIT", "Most traffic from the guest, written the same.");
        text(
                spec,
                CAPTURE,
                "FILE[,snaplen=N][,start=off]",
                "Write what passes to this pcapng file or pipe; SIGUSR2 switches it off and on.");
    }

    private static void addSeveral(CommandSpec spec) {
        repeated(
                spec,
                NIC,
                "PATH,KEY=VALUE...",
                "One of several NICs: its socket (or fd=N), then the options above without"
                        + " dashes. Commas within a value are doubled; other keys are its"
                        + " port's. May be repeated.");
        repeated(
                spec,
                UPLINK,
                "URI[,KEY=VALUE...]",
                "Connect a switch with this port of the host: switch=NAME says which, vlan=N or"
                        + " trunk=LIST what passes. May be repeated.");
    }
}
