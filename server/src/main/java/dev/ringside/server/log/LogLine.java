package dev.ringside.server.log;

import java.time.Instant;

/**
 * One line.
 *
 * @param time when it was written, to the millisecond
 * @param message without control characters
 * @param notShown how many lines of the same kind were held back before this one
 * @param stackTrace empty: none is wanted
 */
record LogLine(
        Instant time,
        LogLevel level,
        Subject subject,
        String message,
        long notShown,
        String stackTrace) {
    /** For a person at a terminal, or a journal that has the time itself. */
    String text() {
        String more = notShown == 0 ? "" : " (" + notShown + " more like it not shown)";
        String trace = stackTrace.isEmpty() ? "" : "\n" + stackTrace.stripTrailing();
        return "ringside: " + level.prefix() + message + more + trace;
    }
}
