package dev.ringside.server.cli;

import dev.ringside.server.bench.Bench;
import dev.ringside.server.bench.BenchParser;
import dev.ringside.server.bench.BenchReport;
import dev.ringside.server.bench.BenchSyntax;
import dev.ringside.server.bench.Contest;
import dev.ringside.server.bench.HistogramLog;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.Given;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.Syntax;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code ringside bench}: drives a back-end, or two in turn, and says how fast they are. */
final class BenchCommand {
    private BenchCommand() {}

    /** Both, for the manual. */
    static CommandLine commandLine() {
        CommandSpec spec = CommandSpec.create().name("ringside bench");
        spec.usageMessage()
                .customSynopsis("ringside bench blk|net --socket-path=PATH [OPTION...]")
                .description("Drives any back-end without a virtual machine, and measures it.");
        return new CommandLine(spec)
                .addSubcommand("blk", BenchSyntax.blk())
                .addSubcommand("net", BenchSyntax.net());
    }

    static int run(List<String> arguments, PrintStream out, PrintStream err)
            throws OperatorException {
        String what = arguments.isEmpty() ? "" : arguments.getFirst();
        List<String> rest =
                arguments.isEmpty() ? arguments : arguments.subList(1, arguments.size());
        return switch (what) {
            case "blk" -> run(BenchSyntax.blk(), BenchSyntax.BLK, rest, out, err);
            case "net" -> run(BenchSyntax.net(), BenchSyntax.NET, rest, out, err);
            default ->
                    throw new OperatorException(
                            "'"
                                    + what
                                    + "' is nothing that can be measured: write ringside bench blk"
                                    + " or ringside bench net (see ringside bench blk --help)");
        };
    }

    private static int run(
            CommandLine commandLine,
            String command,
            List<String> arguments,
            PrintStream out,
            PrintStream err)
            throws OperatorException {
        ParseResult result = Syntax.parse(commandLine, command, arguments);
        if (Syntax.printedHelp(commandLine, result, out)) {
            return ExitCode.OK;
        }
        Given given = Given.of(command, result);
        Bench bench =
                command.equals(BenchSyntax.BLK) ? BenchParser.blk(given) : BenchParser.net(given);
        Contest contest = BenchParser.contest(given, bench, err);
        Path log = given.path(BenchSyntax.HISTOGRAM_LOG);
        try {
            Contest.Result done = contest.run();
            out.print(
                    given.has(BenchSyntax.JSON) ? BenchReport.json(done) : BenchReport.table(done));
            out.flush();
            if (log != null) {
                HistogramLog.write(done, log);
            }
            return done.clean() ? ExitCode.OK : ExitCode.FAILED;
        } catch (IOException e) {
            err.println("ringside: error: " + e.getMessage());
            return ExitCode.FAILED;
        }
    }
}
