package dev.ringside.server.config;

import org.jspecify.annotations.Nullable;

/**
 * One option of a command.
 *
 * @param name with its dashes, such as {@code --serial}
 * @param value what the help calls its value; null: it takes none
 * @param help what it does, for a person
 */
public record Option(String name, @Nullable String value, String help) {
    /** An option with a value. */
    public static Option of(String name, String value, String help) {
        return new Option(name, value, help);
    }

    /** An option without a value. */
    public static Option flag(String name, String help) {
        return new Option(name, null, help);
    }

    String usage() {
        return value == null ? name : name + "=" + value;
    }
}
