package dev.ringside.server.options;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The options given for one thing, as texts by their long names ({@code --mac}): from the command
 * line, or from one value that lists several, where they are written without dashes. Immutable.
 */
public final class Given {
    private static final int DASHES = 2;

    private final String command;
    private final Map<String, String> values;
    private final boolean dashed;
    private final boolean takingOver;

    private Given(String command, Map<String, String> values, boolean dashed, boolean takingOver) {
        this.command = command;
        this.takingOver = takingOver;
        this.values = Map.copyOf(values);
        this.dashed = dashed;
    }

    /**
     * What stands on the command line, without options that may be repeated.
     *
     * @param command how messages name what to ask for help, such as {@code ringside blk}
     */
    public static Given of(String command, ParseResult result) throws OperatorException {
        Map<String, String> values = new LinkedHashMap<>();
        for (OptionSpec option : result.matchedOptions()) {
            if (option.getValue() instanceof String value) {
                Values.notEmpty(option.longestName(), value);
                values.put(option.longestName(), value);
            } else if (option.getValue() instanceof Boolean) {
                values.put(option.longestName(), "");
            }
        }
        return new Given(command, values, true, false);
    }

    /**
     * What a list of {@code key=value} says.
     *
     * @param values by long names, with dashes
     * @param takingOver see {@link #takingOver()}
     */
    public static Given of(String command, Map<String, String> values, boolean takingOver) {
        return new Given(command, values, false, takingOver);
    }

    /** The same for a process that takes over another one. */
    Given forTakeOver() {
        return new Given(command, values, dashed, true);
    }

    /** Whether inherited sockets are another process's: that one hands them over. */
    boolean takingOver() {
        return takingOver;
    }

    /** How messages name what to ask for help. */
    String command() {
        return command;
    }

    public boolean has(String option) {
        return values.containsKey(option);
    }

    /** The value, or null when the option is not given. */
    public @Nullable String text(String option) {
        return values.get(option);
    }

    /** The long names of what is given. */
    public Set<String> names() {
        return values.keySet();
    }

    /** How an option is written here. */
    String name(String option) {
        return dashed ? option : option.substring(DASHES);
    }

    /** An option with its value as it is written here. */
    public String shown(String option) {
        return Values.given(name(option), String.valueOf(values.get(option)));
    }

    public int integer(String option, int byDefault, int least, int most) throws OperatorException {
        String text = text(option);
        return text == null ? byDefault : Values.integer(name(option), text, least, most);
    }

    int queueSize() throws OperatorException {
        String text = text(ServeSyntax.QUEUE_SIZE);
        return text == null
                ? ServeSyntax.DEFAULT_QUEUE_SIZE
                : Values.powerOfTwo(
                        name(ServeSyntax.QUEUE_SIZE), text, 2, ServeSyntax.MAX_QUEUE_SIZE);
    }

    /** An option that is a path, or null when it is not given. */
    public @Nullable Path path(String option) throws OperatorException {
        String text = text(option);
        if (text == null) {
            return null;
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new OperatorException(shown(option) + " is not a path: " + e.getReason(), e);
        }
    }

    /** Refuses others that mean nothing together with an option. */
    void refuseWith(String option, String... others) throws OperatorException {
        for (String other : others) {
            if (has(other)) {
                throw new OperatorException(
                        name(other)
                                + " has no meaning with "
                                + name(option)
                                + ": leave one of them out");
            }
        }
    }

    /** Refuses two options that say the same. */
    public void refuseBoth(String one, String other) throws OperatorException {
        if (has(one) && has(other)) {
            throw new OperatorException(
                    shown(one) + " and " + shown(other) + " exclude each other: give one");
        }
    }
}
