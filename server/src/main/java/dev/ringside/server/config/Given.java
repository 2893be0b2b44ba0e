package dev.ringside.server.config;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was given on a command line.
 *
 * @param help the help was asked for: nothing else counts then
 * @param values by option; empty for options that take no value
 */
public record Given(boolean help, Map<String, String> values) {
    /** Takes a copy of the values. */
    public Given {
        values = Map.copyOf(values);
    }

    /** Whether the option was given. */
    public boolean has(String option) {
        return values.containsKey(option);
    }

    /** The option's value; null when it was not given. */
    public @Nullable String text(String option) {
        return values.get(option);
    }
}
