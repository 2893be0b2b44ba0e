package dev.ringside.server.cli;

import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A command's page for man(1), in the macros of man(7). picocli's own generator writes AsciiDoc,
 * which needs another program to become a page.
 */
final class ManualPage {
    private final String title;
    private final String version;
    private final CommandLine command;
    private final StringBuilder text = new StringBuilder();

    /**
     * @param title of the page: the command's words with dashes between
     */
    ManualPage(String title, String version, CommandLine command) {
        this.title = title;
        this.version = version;
        this.command = command;
    }

    /** The page. */
    String text() {
        CommandSpec spec = command.getCommandSpec();
        line(".TH %s 1 \"\" \"ringside %s\"", title.toUpperCase(Locale.ROOT), version);
        line(".SH NAME");
        line("%s \\- %s", escape(title), escape(summary(spec)));
        line(".SH SYNOPSIS");
        line(".nf");
        String[] custom = spec.usageMessage().customSynopsis();
        String[] fallback = {spec.name() + " [OPTION...]"};
        for (String synopsis : custom.length == 0 ? fallback : custom) {
            line("\\fB%s\\fR", escape(synopsis));
        }
        line(".fi");
        line(".SH DESCRIPTION");
        for (String description : spec.usageMessage().description()) {
            paragraph(description);
        }
        if (spec.options().stream().anyMatch(option -> !option.hidden())) {
            line(".SH OPTIONS");
            spec.options().stream().filter(option -> !option.hidden()).forEach(this::option);
        }
        commands();
        return text.toString();
    }

    private void option(OptionSpec option) {
        line(".TP");
        boolean flag = option.typeInfo().isBoolean();
        String value = flag ? "" : "=\\fI" + escape(option.paramLabel()) + "\\fR";
        line("\\fB%s\\fR%s", escape(option.longestName()), value);
        for (String description : option.description()) {
            paragraph(description);
        }
    }

    private void commands() {
        if (command.getSubcommands().isEmpty()) {
            return;
        }
        line(".SH COMMANDS");
        command.getSubcommands()
                .forEach(
                        (name, below) -> {
                            line(".TP");
                            line("\\fB%s-%s\\fR(1)", escape(title), escape(name));
                            paragraph(summary(below.getCommandSpec()));
                        });
    }

    /** The first sentence of what it does. */
    private static String summary(CommandSpec spec) {
        String all = String.join(" ", spec.usageMessage().description()).replace("%n", " ").strip();
        int end = all.indexOf(". ");
        String first = end < 0 ? all : all.substring(0, end);
        return first.endsWith(".") ? first.substring(0, first.length() - 1) : first;
    }

    private void paragraph(String described) {
        line("%s", escape(described.replace("%n", " ").strip()));
    }

    /** A dash that is typed is no hyphen; a line that begins with a dot is no macro. */
    private static String escape(String plain) {
        String escaped = plain.replace("\\", "\\e").replace("-", "\\-");
        return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
    }

    private void line(String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }
}
