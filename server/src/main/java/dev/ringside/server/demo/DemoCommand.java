package dev.ringside.server.demo;

import dev.ringside.server.options.Syntax;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** {@code ringside demo}: its options, and its exit status. */
public final class DemoCommand {
    private static final String DIRECTORY = "--dir";
    private static final String KEEP = "--keep";
    private static final String NETWORK = "--network";
    private static final int OK = 0;
    private static final int FAILED = 1;

    private DemoCommand() {}

    /**
     * Runs the demo to its end; says on {@code out} what happened and on {@code err} what went
     * wrong.
     *
     * @return 0 only when the guest and its other ends agree on every byte; 78 when something has
     *     to be installed or written differently first; else 1
     */
    public static int run(
            final List<String> arguments, final PrintStream out, final PrintStream err)
            throws InterruptedException {
        final CommandLine commandLine = commandLine();
        try {
            final ParseResult given = commandLine.parseArgs(arguments.toArray(String[]::new));
            if (given.isUsageHelpRequested()) {
                commandLine.usage(out);
                return OK;
            }
            final @Nullable String directory = given.matchedOptionValue(DIRECTORY, null);
            new Demo(
                            directory == null ? null : Path.of(directory),
                            given.hasMatchedOption(KEEP),
                            network(commandLine, given.matchedOptionValue(NETWORK, "auto")),
                            new DemoReport(out))
                    .run();
            return OK;
        } catch (final ParameterException e) {
            err.println("ringside demo: " + e.getMessage() + " (see ringside demo --help)");
            return PrerequisiteException.EXIT_STATUS;
        } catch (final PrerequisiteException e) {
            err.println("ringside demo: " + e.getMessage());
            return PrerequisiteException.EXIT_STATUS;
        } catch (final IOException e) {
            err.println("ringside demo: FAILED: " + e.getMessage());
            return FAILED;
        }
    }

    /** The command with its options. */
    public static CommandLine commandLine() {
        return new CommandLine(syntax());
    }

    private static NetworkChoice network(final CommandLine commandLine, final String word) {
        for (final NetworkChoice choice : NetworkChoice.values()) {
            if (choice.word().equals(word)) {
                return choice;
            }
        }
        throw new ParameterException(
                commandLine,
                NETWORK
                        + "="
                        + word
                        + " is not one of "
                        + String.join(", ", NetworkChoice.words()));
    }

    private static CommandSpec syntax() {
        final CommandSpec spec = CommandSpec.create().name("ringside demo");
        spec.usageMessage()
                .description(
                        "%nServes a disk and a NIC to a Linux in QEMU. It makes a file system,"
                                + " writes, reads back and verifies, pings and moves data over TCP;"
                                + " then the host compares what it has with what the guest"
                                + " saw.%n");
        spec.addOption(
                OptionSpec.builder(DIRECTORY)
                        .type(String.class)
                        .paramLabel("DIR")
                        .description(
                                "Folder for the disk's file. Default: a new one in the folder for"
                                        + " temporary files, removed at the end.")
                        .build());
        spec.addOption(
                OptionSpec.builder(NETWORK)
                        .type(String.class)
                        .paramLabel("KIND")
                        .description(
                                "What the NIC is plugged into: tap (needs root), passt (needs that"
                                        + " program), switch (a second VM), or auto: the first"
                                        + " that works. Default: auto.")
                        .build());
        spec.addOption(
                OptionSpec.builder(KEEP)
                        .type(boolean.class)
                        .description(
                                "Go on serving disk and NIC afterwards, until Ctrl-C, so that a VM"
                                        + " of your own can use them.")
                        .build());
        Syntax.addHelp(spec);
        return spec;
    }
}
