package dev.ringside.server.check;

import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.Given;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.Syntax;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/** {@code ringside check}: finds out what a back-end does wrongly, and says so. */
public final class CheckCommand {
    private CheckCommand() {}

    /**
     * Runs the command to its end.
     *
     * @return {@link ExitCode#OK} when the back-end conforms, {@link ExitCode#FAILED} when it does
     *     not
     * @throws OperatorException when the arguments are wrong or nobody answers there
     */
    public static int run(List<String> arguments, PrintStream out) throws OperatorException {
        CommandLine commandLine = CheckSyntax.commandLine();
        ParseResult result = Syntax.parse(commandLine, CheckSyntax.COMMAND, arguments);
        if (Syntax.printedHelp(commandLine, result, out)) {
            return ExitCode.OK;
        }
        Given given = Given.of(CheckSyntax.COMMAND, result);
        if (given.has(CheckSyntax.LIST)) {
            out.print(CheckReport.list(Catalogue.groups()));
            out.flush();
            return ExitCode.OK;
        }
        CheckOptions options = CheckParser.parse(given);
        boolean json = given.has(CheckSyntax.JSON);
        CheckResult found = check(options, json ? finding -> {} : finding -> show(finding, out));
        out.print(json ? CheckReport.json(found) : CheckReport.summary(found));
        out.flush();
        return found.conforms(options.strict()) ? ExitCode.OK : ExitCode.FAILED;
    }

    private static void show(Finding finding, PrintStream out) {
        out.print(CheckReport.line(finding));
        out.flush();
    }

    private static CheckResult check(CheckOptions options, Consumer<Finding> progress)
            throws OperatorException {
        try (Starter starter = new Starter(options)) {
            return new Runner(options, starter, progress).run(Catalogue.chosen(options));
        } catch (IOException e) {
            throw new OperatorException(
                    "the back-end at " + options.socket() + " does not answer: " + e.getMessage(),
                    e);
        }
    }
}
