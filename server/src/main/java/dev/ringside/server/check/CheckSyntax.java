package dev.ringside.server.check;

import static dev.ringside.server.options.ServeSyntax.flag;
import static dev.ringside.server.options.ServeSyntax.text;

import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Syntax;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The options of {@code ringside check}, and their help. */
public final class CheckSyntax {
    /** How messages name the command. */
    public static final String COMMAND = "ringside check";

    static final String SOCKET_PATH = ServeSyntax.SOCKET_PATH;
    static final String DEVICE = "--device";
    static final String ONLY = "--only";
    static final String HOSTILE = "--hostile";
    static final String WRITES = "--writes";
    static final String STRICT = "--strict";
    static final String TIMEOUT = "--timeout";
    static final String START = "--start";
    static final String JSON = "--json";
    static final String LIST = "--list";

    private CheckSyntax() {}

    /** Takes every value as text. */
    public static CommandLine commandLine() {
        CommandSpec spec =
                Syntax.command(
                        COMMAND, COMMAND + " --socket-path=PATH [OPTION...]", COMMAND + " --list");
        spec.usageMessage()
                .description(
                        "%nChecks without a virtual machine what any vhost-user back-end does"
                                + " otherwise than the specifications want it.%n");
        text(spec, SOCKET_PATH, "PATH", "Where the back-end listens.");
        text(spec, DEVICE, "KIND", "blk or net. Default: by what it offers.");
        text(
                spec,
                ONLY,
                "NAMES",
                "Groups and checks, with commas between, such as rings,blk.reads.");
        flag(
                spec,
                HOSTILE,
                "Attack, too: broken rings, memory that goes away. A back-end that is not made for"
                        + " it ends, and whoever it serves with it.");
        flag(spec, WRITES, "Write to the disk, too: what is on it is lost.");
        flag(spec, STRICT, "What SHOULD be counts as what MUST be.");
        text(spec, TIMEOUT, "SECONDS", "How long an answer may take. Default: 2.");
        text(
                spec,
                START,
                "COMMAND",
                "Starts the back-end whenever nobody listens; ended with the checks.");
        flag(spec, JSON, "Print JSON instead of lines.");
        flag(spec, LIST, "Print what checks there are, and end.");
        Syntax.addHelp(spec);
        spec.usageMessage()
                .footer(
                        "",
                        "Exit status: 0; 1 when something that MUST be is not; 78 when this could"
                                + " not begin.");
        return Syntax.commandLine(spec);
    }
}
