package dev.ringside.server.log;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What a line looks like. */
public enum LogFormat {
    /** {@code ringside: warning: MESSAGE}. */
    TEXT,
    /** One JSON object, with the time and what the line is about in members of their own. */
    JSON;

    /** As options have it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The texts of all formats. */
    public static List<String> texts() {
        return Arrays.stream(values()).map(LogFormat::text).toList();
    }

    /**
     * The format of a text.
     *
     * @throws IllegalArgumentException when there is none
     */
    public static LogFormat of(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
