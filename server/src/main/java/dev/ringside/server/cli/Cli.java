package dev.ringside.server.cli;

import dev.ringside.server.check.CheckCommand;
import dev.ringside.server.ctl.CtlCommand;
import dev.ringside.server.demo.DemoCommand;
import dev.ringside.server.log.Log;
import dev.ringside.server.options.BlkOptions;
import dev.ringside.server.options.BlkParser;
import dev.ringside.server.options.BlkSyntax;
import dev.ringside.server.options.Capabilities;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.NetOptions;
import dev.ringside.server.options.NetParser;
import dev.ringside.server.options.NetSyntax;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.Syntax;
import dev.ringside.server.process.BlkServer;
import dev.ringside.server.process.CommandText;
import dev.ringside.server.process.ServedTogether;
import dev.ringside.server.process.Server;
import dev.ringside.server.process.Version;
import dev.ringside.server.top.TopCommand;
import dev.ringside.shm.CpuAffinity;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/** Finds the command and runs it; turns what goes wrong into a message and an exit status. */
final class Cli {
    private static final String USAGE =
            """
            ringside: serves virtio devices to virtual machines over vhost-user

            usage:
              ringside blk --socket-path=PATH --blk-file=PATH [OPTION...]
                                          serve one disk
              ringside net --socket-path=PATH --tap=NAME [OPTION...]
                                          serve a NIC, or several
              ringside serve CONFIG.toml [OPTION]
                                          serve what a file describes: many disks and NICs
              ringside ctl --control-socket=PATH VERB [ARGUMENT...]
                                          ask a running process, and tell it what to do
              ringside top --control-socket=PATH
                                          show what a running process does, again and again
              ringside upgrade --control-socket=PATH [OPTION...]
                                          take over a running process; guests go on
              ringside bench blk|net --socket-path=PATH [--vs=PATH] [OPTION...]
                                          drive any back-end without a VM and measure it
              ringside check --socket-path=PATH [OPTION...]
                                          check what any back-end does wrongly
              ringside demo [OPTION...]   serve a disk and a NIC to a real VM in QEMU
              ringside manual FOLDER      write manual pages, and completion for bash
              ringside version            print the version
              ringside help               print this

            'ringside COMMAND --help' lists the options of a command.
            """;

    private static final List<String> COMMANDS =
            List.of(
                    "blk", "net", "serve", "ctl", "top", "upgrade", "bench", "check", "demo",
                    "manual", "version", "help");

    private final PrintStream out;
    private final PrintStream err;

    Cli(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
        Log.writeTo(err);
    }

    /** Runs a command line to its end and returns the exit status. Throws nothing. */
    int run(List<String> arguments) {
        try {
            return dispatch(arguments);
        } catch (OperatorException e) {
            error(e.getMessage());
            return ExitCode.CONFIG;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            error("interrupted");
            return ExitCode.FAILED;
        } catch (OutOfMemoryError e) {
            error("out of memory: give the process more, or ask for less: " + e.getMessage());
            return ExitCode.FAILED;
        } catch (RuntimeException | LinkageError e) {
            error("internal error, please report it: " + e);
            if (System.getenv("RINGSIDE_DEBUG") != null) {
                e.printStackTrace(err);
            }
            return ExitCode.BUG;
        }
    }

    private int dispatch(List<String> arguments) throws OperatorException, InterruptedException {
        String command = arguments.isEmpty() ? "" : arguments.getFirst();
        List<String> rest =
                arguments.isEmpty() ? arguments : arguments.subList(1, arguments.size());
        return switch (command) {
            case CommandText.BLK -> blk(rest);
            case CommandText.NET -> net(rest);
            case CommandText.SERVE -> ServeCommand.run(rest, out);
            case "ctl" -> CtlCommand.run(rest, out, err);
            case "top" -> TopCommand.run(rest, out);
            case "upgrade" -> UpgradeCommand.run(rest, out);
            case "bench" -> BenchCommand.run(rest, out, err);
            case "check" -> CheckCommand.run(rest, out);
            case "demo" -> DemoCommand.run(rest, out, err);
            case "manual" -> Manual.run(rest);
            case "version", "--version", "-V" -> print("ringside " + Version.text() + "\n");
            case "help", "--help", "-h" -> print(USAGE);
            case "" -> {
                err.print(USAGE);
                yield ExitCode.CONFIG;
            }
            default ->
                    throw new OperatorException(
                            "there is no command '"
                                    + command
                                    + "': the commands are "
                                    + String.join(", ", COMMANDS)
                                    + " (see ringside help)");
        };
    }

    private int blk(List<String> arguments) throws OperatorException, InterruptedException {
        if (Capabilities.asked(arguments)) {
            return print(Capabilities.json("block", "read-only", "blk-file") + "\n");
        }
        CommandLine commandLine = BlkSyntax.commandLine();
        ParseResult given = Syntax.parse(commandLine, BlkSyntax.COMMAND, arguments);
        if (Syntax.printedHelp(commandLine, given, out)) {
            return ExitCode.OK;
        }
        BlkOptions options = BlkParser.parse(given, CpuAffinity.allowed());
        return Server.run(
                new BlkServer(options),
                () -> CommandText.of(CommandText.BLK, given),
                options.server());
    }

    private int net(List<String> arguments) throws OperatorException, InterruptedException {
        if (Capabilities.asked(arguments)) {
            return print(Capabilities.json("net") + "\n");
        }
        CommandLine commandLine = NetSyntax.commandLine();
        ParseResult given = Syntax.parse(commandLine, NetSyntax.COMMAND, arguments);
        if (Syntax.printedHelp(commandLine, given, out)) {
            return ExitCode.OK;
        }
        NetOptions options = NetParser.parse(given, CpuAffinity.allowed());
        return Server.run(
                ServedTogether.of(options),
                () -> CommandText.of(CommandText.NET, given),
                options.server());
    }

    private int print(String text) {
        out.print(text);
        out.flush();
        return ExitCode.OK;
    }

    private static void error(@Nullable String message) {
        Log.about("process").error(String.valueOf(message));
    }
}
