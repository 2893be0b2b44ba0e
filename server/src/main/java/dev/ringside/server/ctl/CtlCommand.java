package dev.ringside.server.ctl;

import static dev.ringside.server.options.ServeSyntax.CONTROL_SOCKET;

import dev.ringside.server.control.ControlClient;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.Given;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Syntax;
import dev.ringside.server.options.Values;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code ringside ctl}: asks a running process, and tells it what to do. */
public final class CtlCommand {
    /** How messages name it. */
    public static final String COMMAND = "ringside ctl";

    private static final String OUTPUT = "--output";
    private static final List<String> FORMATS = List.of("table", "json");

    private CtlCommand() {}

    /** The command with its verbs. */
    public static CommandLine commandLine() {
        CommandSpec spec =
                Syntax.command(
                        COMMAND, COMMAND + " --control-socket=PATH VERB [ARGUMENT...] [OPTION...]");
        spec.usageMessage()
                .description(
                        "%nAsks a running process, and tells it what to do: 'ringside ctl VERB"
                                + " --help' explains a verb.%n");
        addCommon(spec);
        // Before the verbs are added, which take no more than they say.
        CommandLine commandLine = Syntax.commandLine(spec).setUnmatchedArgumentsAllowed(true);
        for (Verb verb : Verbs.all()) {
            commandLine.addSubcommand(verb.name(), Syntax.commandLine(spec(verb)));
        }
        return commandLine;
    }

    private static CommandSpec spec(Verb verb) {
        String words = verb.words().isEmpty() ? "" : " " + String.join(" ", verb.words());
        CommandSpec spec =
                Syntax.command(
                        verb.name(),
                        COMMAND + " --control-socket=PATH " + verb.name() + words + " [OPTION...]");
        spec.usageMessage().description(verb.description());
        verb.options().accept(spec);
        addCommon(spec);
        spec.addPositional(
                PositionalParamSpec.builder()
                        .index("0..*")
                        .arity("0..*")
                        .type(List.class)
                        .auxiliaryTypes(String.class)
                        .paramLabel("ARGUMENT")
                        .hidden(true)
                        .build());
        return spec;
    }

    private static void addCommon(CommandSpec spec) {
        ServeSyntax.text(spec, CONTROL_SOCKET, "PATH", "The running process's control socket.");
        ServeSyntax.text(spec, OUTPUT, "FORMAT", "table or json. Default: table.");
        Syntax.addHelp(spec);
    }

    /** Runs the command to its end; refusals are printed to {@code err}. */
    public static int run(List<String> arguments, PrintStream out, PrintStream err)
            throws OperatorException, InterruptedException {
        CommandLine commandLine = commandLine();
        ParseResult result = Syntax.parse(commandLine, COMMAND, arguments);
        ParseResult chosen = result.hasSubcommand() ? result.subcommand() : result;
        CommandLine shown = chosen.commandSpec().commandLine();
        if (Syntax.printedHelp(shown, chosen, out)) {
            return ExitCode.OK;
        }
        Given before = Given.of(COMMAND, result);
        Verb verb = result.hasSubcommand() ? Verbs.named(chosen.commandSpec().name()) : null;
        if (verb == null || !result.unmatched().isEmpty()) {
            throw unknown(result.unmatched());
        }
        Given given = Given.of(COMMAND + " " + verb.name(), chosen);
        List<String> words = chosen.matchedPositionalValue(0, List.<String>of());
        checkWords(verb, words);
        return ask(verb, before, given, words, out, err);
    }

    private static OperatorException unknown(List<String> words) {
        return new OperatorException(
                "'"
                        + String.join(" ", words)
                        + "' is no verb: the verbs are "
                        + String.join(", ", Verbs.all().stream().map(Verb::name).toList())
                        + " (see "
                        + COMMAND
                        + " --help)");
    }

    private static void checkWords(Verb verb, List<String> words) throws OperatorException {
        if (words.size() < verb.least() || words.size() > verb.most()) {
            throw new OperatorException(
                    "'"
                            + String.join(" ", words)
                            + "' is not what "
                            + verb.name()
                            + " takes: write "
                            + COMMAND
                            + " "
                            + verb.name()
                            + " "
                            + String.join(" ", verb.words()));
        }
    }

    private static int ask(
            Verb verb,
            Given before,
            Given given,
            List<String> words,
            PrintStream out,
            PrintStream err)
            throws OperatorException, InterruptedException {
        Path socket = given.path(CONTROL_SOCKET);
        if (socket == null) {
            socket = before.path(CONTROL_SOCKET);
        }
        if (socket == null) {
            throw new OperatorException(
                    "there is no process to ask: give --control-socket=PATH, as it was given to"
                            + " that one");
        }
        boolean json = json(given.text(OUTPUT)) || json(before.text(OUTPUT));
        try (ControlClient client = ControlClient.connect(socket)) {
            return verb.action().run(new Call(client, given, words, json, out));
        } catch (RpcException e) {
            err.println("ringside: refused: " + e.getMessage());
            err.flush();
            return ExitCode.FAILED;
        } catch (IOException e) {
            throw new OperatorException(
                    Values.given(CONTROL_SOCKET, socket.toString()) + ": " + e.getMessage(), e);
        }
    }

    private static boolean json(@Nullable String format) throws OperatorException {
        return format != null && Values.word(OUTPUT, format, FORMATS).equals("json");
    }
}
