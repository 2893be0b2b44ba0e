package dev.ringside.server.cli;

import static dev.ringside.server.options.ServeSyntax.flag;

import dev.ringside.server.config.ConfigDefaults;
import dev.ringside.server.config.ConfigFile;
import dev.ringside.server.config.ConfigKind;
import dev.ringside.server.config.ConfigTable;
import dev.ringside.server.config.ServeParser;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.Given;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeOptions;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Syntax;
import dev.ringside.server.options.Text;
import dev.ringside.server.process.CommandText;
import dev.ringside.server.process.Reload;
import dev.ringside.server.process.ServedTogether;
import dev.ringside.server.process.Server;
import dev.ringside.shm.CpuAffinity;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code ringside serve}: one process for many disks and NICs, as a file describes them. */
public final class ServeCommand {
    private static final String CHECK_CONFIG = "--check-config";
    private static final String PRINT_EFFECTIVE_CONFIG = "--print-effective-config";

    private ServeCommand() {}

    static CommandLine commandLine() {
        CommandSpec spec =
                Syntax.command(ConfigTable.COMMAND, "ringside serve CONFIG.toml [OPTION]");
        spec.usageMessage()
                .description(
                        "%nServes the disks and NICs that a configuration describes, in one"
                                + " process. Its tables are "
                                + ConfigKind.tables()
                                + "; their keys are the options of 'ringside blk'"
                                + " and 'ringside net' without dashes.%n");
        flag(spec, CHECK_CONFIG, "Say whether the configuration is right, and end.");
        flag(
                spec,
                PRINT_EFFECTIVE_CONFIG,
                "Print the configuration with every default filled in, and end.");
        Syntax.addHelp(spec);
        return Syntax.commandLine(spec).setUnmatchedArgumentsAllowed(true);
    }

    /** Runs the command to its end. */
    static int run(List<String> arguments, PrintStream out)
            throws OperatorException, InterruptedException {
        CommandLine commandLine = commandLine();
        ParseResult result = Syntax.parse(commandLine, ConfigTable.COMMAND, arguments);
        if (Syntax.printedHelp(commandLine, result, out)) {
            return ExitCode.OK;
        }
        String file = file(result.unmatched());
        List<ConfigTable> tables = ConfigFile.read(Path.of(file));
        ServeOptions options = ServeParser.parse(file, tables, false, CpuAffinity.allowed());
        if (result.hasMatchedOption(PRINT_EFFECTIVE_CONFIG)) {
            out.print(ConfigFile.write(ConfigDefaults.fill(tables)));
            out.flush();
            return ExitCode.OK;
        }
        if (result.hasMatchedOption(CHECK_CONFIG)) {
            out.println(file + " is right: " + summary(options));
            out.flush();
            return ExitCode.OK;
        }
        Reload reload = new Reload(Path.of(file), tables, Set.of(), options.server());
        return Server.run(ServedTogether.of(options, reload), reload::command, options.server());
    }

    /**
     * The configuration of a process that takes over another one.
     *
     * @param arguments options of threads and metrics that are to be otherwise
     */
    static List<ConfigTable> merged(List<ConfigTable> running, List<String> arguments)
            throws OperatorException {
        CommandSpec spec = Syntax.spec().name(ConfigTable.COMMAND);
        ServeSyntax.addThreads(spec);
        ServeSyntax.addRest(spec);
        ParseResult result = Syntax.parse(Syntax.commandLine(spec), "ringside upgrade", arguments);
        Given given = Given.of(ConfigTable.COMMAND, result);
        Map<String, String> values = new TreeMap<>();
        for (String name : given.names()) {
            if (!CommandText.FREE.contains(name)) {
                throw new OperatorException(
                        name + " cannot be changed by an upgrade: leave it out");
            }
            values.put(name, String.valueOf(given.text(name)));
        }
        ConfigTable none = new ConfigTable(ConfigKind.SERVER, "", 0, Map.of());
        List<ConfigTable> merged = new ArrayList<>(running);
        boolean unused = merged.removeIf(table -> table.kind() == ConfigKind.SERVER);
        merged.addFirst(
                running.stream()
                        .filter(table -> table.kind() == ConfigKind.SERVER)
                        .findFirst()
                        .orElse(none)
                        .with(values));
        return merged;
    }

    private static String summary(ServeOptions options) {
        return Text.count(options.disks().size(), "disk")
                + ", "
                + Text.count(options.nics().size(), "NIC")
                + ", "
                + Text.count(options.uplinks().size(), "uplink");
    }

    private static String file(List<String> unmatched) throws OperatorException {
        for (String argument : unmatched) {
            if (argument.startsWith("-")) {
                throw new OperatorException(
                        "there is no option "
                                + argument
                                + " (see "
                                + ConfigTable.COMMAND
                                + " --help)");
            }
        }
        if (unmatched.size() != 1) {
            throw new OperatorException(
                    (unmatched.isEmpty()
                                    ? "there is no configuration"
                                    : "there are several configurations")
                            + ": give one file, as in "
                            + ConfigTable.COMMAND
                            + " /etc/ringside.toml");
        }
        return unmatched.getFirst();
    }
}
