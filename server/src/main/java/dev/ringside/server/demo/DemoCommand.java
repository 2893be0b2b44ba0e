package dev.ringside.server.demo;

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
    private static final String HELP = "--help";
    private static final int OK = 0;
    private static final int FAILED = 1;

    private DemoCommand() {}

    /**
     * Runs the demo to its end; says on {@code out} what happened and on {@code err} what went
     * wrong.
     *
     * @return 0 only when the guest and the host both found every byte where it should be; 78 when
     *     something has to be installed or written differently first; else 1
     */
    public static int run(
            final List<String> arguments, final PrintStream out, final PrintStream err)
            throws InterruptedException {
        final CommandLine commandLine = new CommandLine(syntax());
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

    private static CommandSpec syntax() {
        final CommandSpec spec = CommandSpec.create().name("ringside demo");
        spec.usageMessage()
                .description(
                        "%nServes a disk to a Linux in QEMU, which makes a file system on it,"
                                + " writes, reads back and verifies; then the host looks into the"
                                + " disk's file.%n");
        spec.addOption(
                OptionSpec.builder(DIRECTORY)
                        .type(String.class)
                        .paramLabel("DIR")
                        .description(
                                "Folder for the disk's file. Default: a new one in the folder for"
                                        + " temporary files, removed at the end.")
                        .build());
        spec.addOption(
                OptionSpec.builder(KEEP)
                        .type(boolean.class)
                        .description(
                                "Go on serving the disk afterwards, until Ctrl-C, so that a VM of"
                                        + " your own can use it.")
                        .build());
        spec.addOption(
                OptionSpec.builder(HELP, "-h")
                        .type(boolean.class)
                        .usageHelp(true)
                        .description("Print this help and end.")
                        .build());
        return spec;
    }
}
