package dev.ringside.server.top;

import dev.ringside.server.control.ControlClient;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.Given;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Syntax;
import dev.ringside.server.process.Signals;
import dev.ringside.server.status.ServerStatus;
import dev.ringside.server.status.StatusReader;
import dev.ringside.shm.Terminal;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code ringside top}: what a running process does, again and again. */
public final class TopCommand {
    static final String COMMAND = "ringside top";

    private static final String INTERVAL = "--interval";
    private static final String ONCE = "--once";
    private static final int MAX_INTERVAL_S = 3_600;
    private static final long TIMEOUT_MS = 10_000;

    private TopCommand() {}

    /** The parser. */
    public static CommandLine commandLine() {
        CommandSpec spec =
                Syntax.command(COMMAND, "ringside top --control-socket=PATH [OPTION...]");
        spec.usageMessage()
                .description(
                        "%nShows what a running process does: who is polling, what each device"
                                + " does and how long that takes, what is stopped and why. Ctrl-C"
                                + " ends it. When the output is no terminal, each view follows the"
                                + " one before.%n");
        ServeSyntax.text(
                spec, ServeSyntax.CONTROL_SOCKET, "PATH", "The running process's control socket.");
        ServeSyntax.text(spec, INTERVAL, "SECONDS", "Time from view to view. Default: 1.");
        ServeSyntax.flag(spec, ONCE, "Show one view, of one interval, and end.");
        Syntax.addHelp(spec);
        return Syntax.commandLine(spec);
    }

    /** Runs the command to its end. */
    public static int run(List<String> arguments, PrintStream out)
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
                    "there is no process to look at: give --control-socket=PATH, as it was given"
                            + " to that one");
        }
        int intervalS = given.integer(INTERVAL, 1, 1, MAX_INTERVAL_S);
        try (ControlClient client = ControlClient.connect(socket)) {
            show(client, intervalS, result.hasMatchedOption(ONCE), out);
            return ExitCode.OK;
        } catch (IOException | RpcException e) {
            throw new OperatorException(
                    given.shown(ServeSyntax.CONTROL_SOCKET) + ": " + e.getMessage(), e);
        }
    }

    private static void show(ControlClient client, int intervalS, boolean once, PrintStream out)
            throws IOException, RpcException, InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        boolean unused = Signals.listen((name, number) -> end.countDown(), "INT", "TERM", "HUP");
        ServerStatus before = ask(client);
        try (TopScreen screen = new TopScreen(out, !once && Terminal.ofOutput() != null)) {
            while (!end.await(intervalS, TimeUnit.SECONDS)) {
                ServerStatus now = ask(client);
                screen.show(new TopFrame(before, now).lines());
                before = now;
                if (once) {
                    return;
                }
            }
        }
    }

    private static ServerStatus ask(ControlClient client) throws IOException, RpcException {
        return client.call(StatusReader.METHOD, Map.of(), ServerStatus.class, TIMEOUT_MS);
    }
}
