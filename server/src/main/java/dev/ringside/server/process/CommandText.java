package dev.ringside.server.process;

import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * A command line, normalised: each option by its long name, with its value behind {@code =}.
 * Immutable.
 *
 * @param command such as {@code blk}
 * @param options in the order of the syntax
 */
public record CommandText(String command, List<String> options) {
    /** What serves a disk. */
    public static final String BLK = "blk";

    /** What serves NICs. */
    public static final String NET = "net";

    /** What serves all that a file describes. */
    public static final String SERVE = "serve";

    /** What another process may do otherwise while the guest notices nothing. */
    public static final Set<String> FREE =
            Set.of(
                    ServeSyntax.SHARDS,
                    ServeSyntax.CPU,
                    ServeSyntax.IDLE,
                    ServeSyntax.SPIN_US,
                    ServeSyntax.QUEUE_BUDGET,
                    ServeSyntax.DEVICE_SHARE_US,
                    ServeSyntax.SANDBOX,
                    ServeSyntax.MESSAGE_RATE,
                    ServeSyntax.DESCRIPTORS,
                    ServeSyntax.EXEMPLARS,
                    ServeSyntax.LOG_FORMAT,
                    ServeSyntax.LOG_LEVEL,
                    ServeSyntax.SLOW_TURN_MS,
                    ServeSyntax.SLOW_REQUEST_MS,
                    ServeSyntax.METRICS_PORT,
                    ServeSyntax.METRICS_CLIENTS,
                    ServeSyntax.CONTROL_CLIENTS,
                    ServeSyntax.METRICS_ADDRESS);

    public CommandText {
        options = List.copyOf(options);
    }

    /** What stands on a command line. */
    public static CommandText of(String command, ParseResult result) {
        List<String> options = new ArrayList<>();
        values(result).values().forEach(options::addAll);
        return new CommandText(command, options);
    }

    private static Map<String, List<String>> values(ParseResult result) {
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (OptionSpec option : result.matchedOptions()) {
            String name = option.longestName();
            List<String> texts = new ArrayList<>();
            switch (option.getValue()) {
                case List<?> several -> several.forEach(one -> texts.add(name + "=" + one));
                case Boolean _ -> texts.add(name);
                case null -> {}
                default -> texts.add(name + "=" + option.getValue());
            }
            values.put(name, texts);
        }
        return values;
    }

    /**
     * The options of a process that takes over another one.
     *
     * @param running what that one was given
     * @param given what is given now: the same again, or what may be changed
     * @throws OperatorException when something is given that cannot be changed
     */
    public static List<String> merged(ParseResult running, ParseResult given)
            throws OperatorException {
        Map<String, List<String>> merged = values(running);
        for (Map.Entry<String, List<String>> option : values(given).entrySet()) {
            String name = option.getKey();
            List<String> before = merged.get(name);
            if (!FREE.contains(name) && !option.getValue().equals(before)) {
                throw new OperatorException(
                        String.join(" ", option.getValue())
                                + ": the running process has "
                                + (before == null ? "no " + name : String.join(" ", before))
                                + ", which an upgrade cannot change: leave it out");
            }
            merged.put(name, option.getValue());
        }
        List<String> options = new ArrayList<>();
        merged.values().forEach(options::addAll);
        return options;
    }
}
