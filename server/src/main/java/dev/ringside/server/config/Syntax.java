package dev.ringside.server.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command understands. Arguments are taken as they are: no files of arguments, no variables,
 * nothing abbreviated, nothing twice.
 *
 * @param command how messages name it
 * @param usage the lines that say how to call it
 * @param description what it does
 * @param options in the order of the help
 * @param footer what else the help should say
 */
public record Syntax(
        String command, String usage, String description, List<Option> options, String footer) {
    /** Longest line of the help. */
    public static final int WIDTH = 80;

    private static final String HELP = "--help";
    private static final String SHORT_HELP = "-h";
    private static final int TEXT_COLUMN = 29;
    private static final int MOST_TYPOS = 3;

    /** Takes a copy of the options. */
    public Syntax {
        options = List.copyOf(options);
    }

    /**
     * Reads {@code --option=value}, {@code --option value} and {@code --flag}.
     *
     * @throws OperatorException for the first argument that is not understood
     */
    public Given parse(List<String> arguments) throws OperatorException {
        if (arguments.contains(HELP) || arguments.contains(SHORT_HELP)) {
            return new Given(true, Map.of());
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            int equals = argument.indexOf('=');
            String name = equals < 0 ? argument : argument.substring(0, equals);
            Option option = find(name);
            if (option == null) {
                throw refuse(unknown(argument, name));
            }
            String value = equals < 0 ? null : argument.substring(equals + 1);
            if (option.value() == null) {
                requireNone(option, value);
                value = "";
            } else {
                if (value == null && i + 1 < arguments.size() && !isOption(arguments.get(i + 1))) {
                    i++;
                    value = arguments.get(i);
                }
                requireOne(option, value);
            }
            if (values.put(name, value == null ? "" : value) != null) {
                throw refuse(name + " is given twice: give it once");
            }
        }
        return new Given(false, values);
    }

    private void requireNone(Option option, @Nullable String value) throws OperatorException {
        if (value != null) {
            throw refuse(option.name() + " takes no value: leave out =" + value);
        }
    }

    private void requireOne(Option option, @Nullable String value) throws OperatorException {
        if (value == null) {
            throw refuse(option.name() + " lacks its value: write " + option.usage());
        }
        if (value.isEmpty()) {
            throw refuse(
                    option.name()
                            + " has an empty value: write "
                            + option.usage()
                            + ", or leave it out");
        }
        if (value.indexOf('\0') >= 0) {
            throw refuse(option.name() + " has a value with a zero byte: leave that out");
        }
    }

    private boolean isOption(String argument) {
        int equals = argument.indexOf('=');
        return find(equals < 0 ? argument : argument.substring(0, equals)) != null;
    }

    private @Nullable Option find(String name) {
        for (Option option : options) {
            if (option.name().equals(name)) {
                return option;
            }
        }
        return null;
    }

    private OperatorException refuse(String message) {
        return new OperatorException(message + " (see " + command + " --help)");
    }

    private String unknown(String argument, String name) {
        if (!argument.startsWith("-")) {
            return "there is no use for the argument " + argument;
        }
        String nearest = "";
        int least = MOST_TYPOS + 1;
        for (Option option : options) {
            int typos = distance(name, option.name());
            if (typos < least) {
                least = typos;
                nearest = ": is it " + option.name() + "?";
            }
        }
        return "there is no option " + argument + nearest;
    }

    /** How many letters must change, come or go (Levenshtein). */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }

    /** The help, with a line end at the end. */
    public String help() {
        var text = new StringBuilder();
        text.append("usage: ").append(usage).append("\n\n");
        wrap(text, description, 0);
        text.append('\n');
        for (Option option : options) {
            describe(text, option.usage(), option.help());
        }
        describe(text, SHORT_HELP + ", " + HELP, "Print this help and end.");
        if (!footer.isEmpty()) {
            text.append('\n');
            wrap(text, footer, 0);
        }
        return text.toString();
    }

    private static void describe(StringBuilder text, String option, String help) {
        text.append("  ").append(option);
        int column = 2 + option.length();
        if (column >= TEXT_COLUMN) {
            text.append('\n');
            column = 0;
        }
        text.repeat(' ', TEXT_COLUMN - column);
        wrap(text, help, TEXT_COLUMN);
    }

    /** Appends words; starts new lines at {@code indent} so that none is longer than the width. */
    private static void wrap(StringBuilder text, String words, int indent) {
        int column = indent;
        int start = 0;
        while (start < words.length()) {
            int space = words.indexOf(' ', start);
            int end = space < 0 ? words.length() : space;
            int length = end - start;
            if (column > indent && column + 1 + length > WIDTH) {
                text.append('\n').repeat(' ', indent);
                column = indent;
            }
            if (column > indent) {
                text.append(' ');
                column++;
            }
            text.append(words, start, end);
            column += length;
            start = end + 1;
        }
        text.append('\n');
    }
}
