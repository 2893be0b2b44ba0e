package dev.ringside.server.demo;

import dev.ringside.server.config.Given;
import dev.ringside.server.config.OperatorException;
import dev.ringside.server.config.Option;
import dev.ringside.server.config.Syntax;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code ringside demo}: its options, and its exit status. */
public final class DemoCommand {
    private static final String DIRECTORY = "--dir";
    private static final String KEEP = "--keep";
    private static final int OK = 0;
    private static final int FAILED = 1;

    private static final Syntax SYNTAX =
            new Syntax(
                    "ringside demo",
                    "ringside demo [OPTION...]",
                    "Serves a disk to a Linux in QEMU, which makes a file system on it, writes,"
                            + " reads back and verifies; then the host looks into the disk's file.",
                    List.of(
                            Option.of(
                                    DIRECTORY,
                                    "DIR",
                                    "Folder for the disk's file. Default: a new one in the folder"
                                            + " for temporary files, removed at the end."),
                            Option.flag(
                                    KEEP,
                                    "Go on serving the disk afterwards, until Ctrl-C, so that a VM"
                                            + " of your own can use it.")),
                    "");

    private DemoCommand() {}

    /**
     * Runs the demo to its end; says on {@code out} what happened and on {@code err} what went
     * wrong.
     *
     * @return 0 only when the guest and the host both found every byte where it should be; 78 when
     *     something has to be installed first; else 1
     * @throws OperatorException when the arguments are wrong
     */
    public static int run(
            final List<String> arguments, final PrintStream out, final PrintStream err)
            throws InterruptedException, OperatorException {
        try {
            final Given given = SYNTAX.parse(arguments);
            if (given.help()) {
                out.print(SYNTAX.help());
                return OK;
            }
            final @Nullable String directory = given.text(DIRECTORY);
            new Demo(
                            directory == null ? null : Path.of(directory),
                            given.has(KEEP),
                            new DemoReport(out))
                    .run();
            return OK;
        } catch (final PrerequisiteException e) {
            err.println("ringside demo: " + e.getMessage());
            return PrerequisiteException.EXIT_STATUS;
        } catch (final IOException e) {
            err.println("ringside demo: FAILED: " + e.getMessage());
            return FAILED;
        }
    }
}
