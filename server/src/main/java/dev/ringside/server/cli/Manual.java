package dev.ringside.server.cli;

import dev.ringside.server.check.CheckSyntax;
import dev.ringside.server.ctl.CtlCommand;
import dev.ringside.server.demo.DemoCommand;
import dev.ringside.server.options.BlkSyntax;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.NetSyntax;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.process.Version;
import dev.ringside.server.top.TopCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Writes what an installed Ringside has beside the program: the completion of bash, and a manual
 * page for each command, from what the program itself reads its arguments by.
 */
final class Manual {
    private static final String PROGRAM = "ringside";
    private static final String SECTION = "1";

    private Manual() {}

    /** Runs {@code ringside manual FOLDER}. */
    static int run(List<String> arguments) throws OperatorException {
        if (arguments.size() != 1) {
            throw new OperatorException("say into which folder: ringside manual FOLDER");
        }
        try {
            write(Path.of(arguments.getFirst()));
            return ExitCode.OK;
        } catch (IOException e) {
            throw new OperatorException(
                    arguments.getFirst() + " cannot be written to: " + e.getMessage(), e);
        }
    }

    /** Writes {@code completions/ringside} and {@code man1/*.1} into a folder. */
    static void write(Path folder) throws IOException {
        CommandLine root = commands();
        Path completions = Files.createDirectories(folder.resolve("completions"));
        Files.writeString(completions.resolve(PROGRAM), AutoComplete.bash(PROGRAM, root));
        Path pages = Files.createDirectories(folder.resolve("man1"));
        write(pages, PROGRAM, root);
    }

    private static void write(Path pages, String title, CommandLine command) throws IOException {
        String page = new ManualPage(title, Version.text(), command).text();
        Files.writeString(pages.resolve(title + "." + SECTION), page);
        for (var below : command.getSubcommands().entrySet()) {
            write(pages, title + "-" + below.getKey(), below.getValue());
        }
    }

    /** The program's commands, as a tree. */
    static CommandLine commands() {
        CommandSpec spec = CommandSpec.create().name(PROGRAM);
        spec.usageMessage()
                .customSynopsis(PROGRAM + " COMMAND [OPTION...]")
                .description("Serves virtio devices to virtual machines over vhost-user.");
        return new CommandLine(spec)
                .addSubcommand("blk", BlkSyntax.commandLine())
                .addSubcommand("net", NetSyntax.commandLine())
                .addSubcommand("serve", ServeCommand.commandLine())
                .addSubcommand("ctl", CtlCommand.commandLine())
                .addSubcommand("top", TopCommand.commandLine())
                .addSubcommand("upgrade", UpgradeCommand.commandLine())
                .addSubcommand("bench", BenchCommand.commandLine())
                .addSubcommand("check", CheckSyntax.commandLine())
                .addSubcommand("demo", DemoCommand.commandLine());
    }
}
