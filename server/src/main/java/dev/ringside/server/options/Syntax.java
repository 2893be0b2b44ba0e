package dev.ringside.server.options;

import java.io.PrintStream;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** What all commands have in common: how arguments are read, and what wrong ones are told. */
public final class Syntax {
    static final String HELP = "--help";
    public static final int WIDTH = 80;

    private static final CommandLine.IFactory FACTORY = new LateFactory();

    private Syntax() {}

    /** A command, or a part of one, without options. */
    public static CommandSpec spec() {
        return CommandSpec.wrapWithoutInspection(null, FACTORY);
    }

    /** Takes arguments as they are: no expansion of files or variables, nothing abbreviated. */
    public static CommandLine commandLine(CommandSpec spec) {
        return new CommandLine(spec, FACTORY)
                .setExpandAtFiles(false)
                .setInterpolateVariables(false)
                .setPosixClusteredShortOptionsAllowed(false)
                .setAllowOptionsAsOptionParameters(false)
                .setTrimQuotes(false);
    }

    /** A command whose help looks as every other's; its synopsis is given line by line. */
    public static CommandSpec command(String name, String... synopsis) {
        CommandSpec spec = spec().name(name);
        spec.usageMessage()
                .width(WIDTH)
                .sortOptions(false)
                .sortSynopsis(false)
                .customSynopsis(synopsis);
        return spec;
    }

    /** Adds the option that every command has. */
    public static void addHelp(CommandSpec spec) {
        spec.addOption(
                OptionSpec.builder(HELP, "-h")
                        .type(boolean.class)
                        .usageHelp(true)
                        .description("Print this help and end.")
                        .build());
    }

    /** Prints the help if it was asked for; whether it was. */
    public static boolean printedHelp(CommandLine commandLine, ParseResult given, PrintStream out) {
        if (given.isUsageHelpRequested()) {
            out.print(commandLine.getUsageMessage());
            out.flush();
        }
        return given.isUsageHelpRequested();
    }

    /** Reads the arguments; {@code command} is how messages name what to ask for help. */
    public static ParseResult parse(CommandLine commandLine, String command, List<String> arguments)
            throws OperatorException {
        try {
            return commandLine.parseArgs(arguments.toArray(String[]::new));
        } catch (ParameterException e) {
            throw new OperatorException(explain(e) + " (see " + command + " --help)", e);
        }
    }

    private static String explain(ParameterException e) {
        return switch (e) {
            case UnmatchedArgumentException unmatched -> explainUnmatched(unmatched);
            case MissingParameterException missing when !missing.getMissing().isEmpty() ->
                    missing.getMissing().getFirst() instanceof OptionSpec option
                            ? option.longestName()
                                    + " lacks its value: write "
                                    + option.longestName()
                                    + "="
                                    + option.paramLabel()
                            : lowerFirst(missing);
            case OverwrittenOptionException twice
                    when twice.getOverwritten() instanceof OptionSpec option ->
                    option.longestName() + " is given twice: give it once";
            default -> lowerFirst(e);
        };
    }

    private static String explainUnmatched(UnmatchedArgumentException e) {
        String argument = e.getUnmatched().getFirst();
        String what = argument.startsWith("-") ? "there is no option " : "there is no use for ";
        List<String> near = e.getSuggestions();
        String way =
                near.isEmpty() || !argument.startsWith("--")
                        ? ""
                        : ": is it " + near.getFirst() + "?";
        return what + argument + way;
    }

    private static String lowerFirst(ParameterException e) {
        String message = String.valueOf(e.getMessage());
        return message.isEmpty()
                ? "the arguments cannot be read"
                : Character.toLowerCase(message.charAt(0)) + message.substring(1);
    }

    /** picocli's own, but not before it is used: loading it looks for Groovy in every JAR. */
    private static final class LateFactory implements CommandLine.IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            return CommandLine.defaultFactory().create(type);
        }
    }
}
