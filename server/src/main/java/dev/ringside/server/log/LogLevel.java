package dev.ringside.server.log;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How much a line matters, in ascending order. */
public enum LogLevel {
    /** What front-ends do while all is well: who comes and goes, which queues start and stop. */
    DEBUG("debug: "),
    /** What happens once: the ready line, a reload, the stop. */
    INFO(""),
    /** A front-end or a driver broke a rule, or the host failed something. */
    WARNING("warning: "),
    /** It cannot start, or one of our bugs. */
    ERROR("error: ");

    private final String prefix;

    LogLevel(String prefix) {
        this.prefix = prefix;
    }

    /** What a line of text begins with, behind the program's name. */
    String prefix() {
        return prefix;
    }

    /** As options and JSON lines have it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The texts of all levels, ascending. */
    public static List<String> texts() {
        return Arrays.stream(values()).map(LogLevel::text).toList();
    }

    /**
     * The level of a text.
     *
     * @throws IllegalArgumentException when there is none
     */
    public static LogLevel of(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
