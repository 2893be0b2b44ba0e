package dev.ringside.server.cli;

import dev.ringside.server.config.ConfigFile;
import dev.ringside.server.config.ConfigTable;
import dev.ringside.server.config.ServeParser;
import dev.ringside.server.options.BlkOptions;
import dev.ringside.server.options.BlkParser;
import dev.ringside.server.options.BlkSyntax;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.Given;
import dev.ringside.server.options.NetOptions;
import dev.ringside.server.options.NetParser;
import dev.ringside.server.options.NetSyntax;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeOptions;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.ServerOptions;
import dev.ringside.server.options.Syntax;
import dev.ringside.server.options.Values;
import dev.ringside.server.process.BlkServer;
import dev.ringside.server.process.CommandText;
import dev.ringside.server.process.Reload;
import dev.ringside.server.process.Served;
import dev.ringside.server.process.ServedTogether;
import dev.ringside.server.process.Server;
import dev.ringside.server.process.Version;
import dev.ringside.server.upgrade.Successor;
import dev.ringside.server.upgrade.Wire;
import dev.ringside.shm.CpuAffinity;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code ringside upgrade}: takes over a running process. */
final class UpgradeCommand {
    static final String COMMAND = "ringside upgrade";

    private static final String TIMEOUT = "--timeout";
    private static final int DEFAULT_TIMEOUT_S = 5;
    private static final int MAX_TIMEOUT_S = 60;
    private static final long MS_PER_S = 1_000;

    private UpgradeCommand() {}

    static CommandLine commandLine() {
        CommandSpec spec =
                Syntax.command(COMMAND, "ringside upgrade --control-socket=PATH [OPTION...]");
        spec.usageMessage()
                .description(
                        "%nTakes over the process that listens on the control socket: sockets,"
                                + " connections, guest memory, everything. Guests and front-ends"
                                + " notice nothing but a short pause. When it fails the running"
                                + " process goes on.%n")
                .footer(
                        "",
                        "The running process tells its options. Those of threads and metrics may",
                        "be given anew; others only as they are.");
        ServeSyntax.text(
                spec, ServeSyntax.CONTROL_SOCKET, "PATH", "The running process's control socket.");
        ServeSyntax.text(
                spec,
                TIMEOUT,
                "SECONDS",
                "Guests wait no longer than this: then the running process goes on. Default: "
                        + DEFAULT_TIMEOUT_S
                        + ".");
        Syntax.addHelp(spec);
        return Syntax.commandLine(spec).setUnmatchedArgumentsAllowed(true);
    }

    /** Runs the command to its end, which is that of the service. */
    static int run(List<String> arguments, PrintStream out)
            throws OperatorException, InterruptedException {
        CommandLine commandLine = commandLine();
        ParseResult result = Syntax.parse(commandLine, COMMAND, arguments);
        if (Syntax.printedHelp(commandLine, result, out)) {
            return ExitCode.OK;
        }
        Given given = Given.of(COMMAND, result);
        Path socket = given.path(ServeSyntax.CONTROL_SOCKET);
        if (socket == null) {
            throw new OperatorException(
                    "there is no process to take over: give --control-socket=PATH, as it was given"
                            + " to that one (see "
                            + COMMAND
                            + " --help)");
        }
        long limitMs = MS_PER_S * given.integer(TIMEOUT, DEFAULT_TIMEOUT_S, 1, MAX_TIMEOUT_S);
        try (Successor successor = begin(socket)) {
            return takeOver(successor, result.unmatched(), limitMs);
        }
    }

    private static Successor begin(Path socket) throws OperatorException {
        try {
            return Successor.begin(socket, Version.text());
        } catch (IOException e) {
            throw new OperatorException(
                    Values.given(ServeSyntax.CONTROL_SOCKET, socket.toString())
                            + ": nothing was changed: "
                            + e.getMessage(),
                    e);
        }
    }

    private static int takeOver(Successor successor, List<String> unmatched, long limitMs)
            throws OperatorException, InterruptedException {
        Wire.Offer offer = successor.offer();
        Replacement replacement =
                switch (offer.command()) {
                    case CommandText.BLK -> disk(offer, unmatched);
                    case CommandText.NET -> nics(offer, unmatched);
                    case CommandText.SERVE -> configured(offer, unmatched);
                    default ->
                            throw new OperatorException(
                                    "process "
                                            + offer.pid()
                                            + " goes on: it was started by 'ringside "
                                            + offer.command()
                                            + "', which this ringside does not have: take a newer"
                                            + " one");
                };
        return Server.takeOver(
                successor,
                replacement.served(),
                replacement.command(),
                replacement.options(),
                limitMs);
    }

    /** What this process will be. */
    private record Replacement(
            Served served, Supplier<CommandText> command, ServerOptions options) {}

    private static Replacement disk(Wire.Offer offer, List<String> unmatched)
            throws OperatorException {
        List<String> options = merged(offer, BlkSyntax::commandLine, BlkSyntax.COMMAND, unmatched);
        BlkOptions parsed =
                BlkParser.parseForTakeOver(
                        Syntax.parse(BlkSyntax.commandLine(), BlkSyntax.COMMAND, options),
                        CpuAffinity.allowed());
        return new Replacement(
                new BlkServer(parsed),
                () -> new CommandText(CommandText.BLK, options),
                parsed.server());
    }

    private static Replacement nics(Wire.Offer offer, List<String> unmatched)
            throws OperatorException {
        List<String> options = merged(offer, NetSyntax::commandLine, NetSyntax.COMMAND, unmatched);
        NetOptions parsed =
                NetParser.parseForTakeOver(
                        Syntax.parse(NetSyntax.commandLine(), NetSyntax.COMMAND, options),
                        CpuAffinity.allowed());
        return new Replacement(
                ServedTogether.of(parsed),
                () -> new CommandText(CommandText.NET, options),
                parsed.server());
    }

    private static List<String> merged(
            Wire.Offer offer, Supplier<CommandLine> syntax, String command, List<String> unmatched)
            throws OperatorException {
        List<String> options =
                CommandText.merged(
                        Syntax.parse(syntax.get(), command, offer.options()),
                        Syntax.parse(syntax.get(), command, unmatched));
        requireFolder(offer, options);
        return options;
    }

    private static Replacement configured(Wire.Offer offer, List<String> unmatched)
            throws OperatorException {
        String source = "the configuration of process " + offer.pid();
        List<ConfigTable> running = ConfigFile.parse(source, offer.options().getFirst());
        List<ConfigTable> tables = ServeCommand.merged(running, unmatched);
        requireFolder(
                offer,
                tables.stream()
                        .flatMap(table -> table.values().entrySet().stream())
                        .map(option -> option.getKey() + "=" + option.getValue())
                        .toList());
        ServeOptions parsed = ServeParser.parse(source, tables, true, CpuAffinity.allowed());
        Path file = Path.of(offer.options().getLast());
        Reload reload = new Reload(file, tables, added(offer), parsed.server());
        return new Replacement(ServedTogether.of(parsed, reload), reload::command, parsed.server());
    }

    /** What was added while it ran: an older process tells nothing of that. */
    private static Set<String> added(Wire.Offer offer) {
        String titles = offer.options().size() < 3 ? "" : offer.options().get(1);
        return titles.isEmpty() ? Set.of() : Set.of(titles.split(" ", -1));
    }

    /** Relative paths would mean other files in another folder. */
    private static void requireFolder(Wire.Offer offer, List<String> options)
            throws OperatorException {
        String here = Path.of("").toAbsolutePath().toString();
        String relative = relative(options);
        if (relative != null && !here.equals(offer.folder())) {
            throw new OperatorException(
                    "process "
                            + offer.pid()
                            + " goes on: it was started in "
                            + offer.folder()
                            + " with "
                            + relative
                            + ": run this there (cd "
                            + offer.folder()
                            + ")");
        }
    }

    private static @Nullable String relative(List<String> options) {
        for (String option : options) {
            String value = option.substring(option.indexOf('=') + 1);
            List<String> pathed = new ArrayList<>();
            if (option.startsWith(ServeSyntax.SOCKET_PATH + "=")
                    || option.startsWith(ServeSyntax.CONTROL_SOCKET + "=")
                    || option.startsWith(BlkSyntax.BLK_FILE + "=")
                    || option.startsWith(NetSyntax.CAPTURE + "=")
                    || (option.startsWith(NetSyntax.NIC + "=") && !value.startsWith("fd="))) {
                pathed.add(value);
            }
            for (String scheme : List.of("file:", "socket:")) {
                int at = value.indexOf(scheme);
                if (at >= 0) {
                    pathed.add(value.substring(at + scheme.length()));
                }
            }
            if (pathed.stream().anyMatch(path -> !path.startsWith("/"))) {
                return option;
            }
        }
        return null;
    }
}
