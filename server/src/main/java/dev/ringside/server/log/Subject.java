package dev.ringside.server.log;

import org.jspecify.annotations.Nullable;

/**
 * What lines of the log are about. Immutable; begins at {@link Log#about}. Warnings about equal
 * subjects count as one kind: repeated for ever they cost a bounded number of lines.
 *
 * @param topic one of the words that docs/logs.md lists
 * @param device name; null: no single device
 * @param queue index; {@link #NONE}: no single queue
 */
public record Subject(String topic, @Nullable String device, int queue) {
    static final int NONE = -1;

    /** The same, about one device. */
    public Subject device(String name) {
        return new Subject(topic, name, queue);
    }

    /** The same, about one queue of a device. */
    public Subject queue(int index) {
        return new Subject(topic, device, index);
    }

    /**
     * Writes {@code ringside: debug: MESSAGE}, when debugging lines are wanted.
     *
     * @param message one line; control characters in it become spaces
     */
    public void debug(String message) {
        Log.current().write(LogLevel.DEBUG, this, message);
    }

    /** Writes {@code ringside: MESSAGE}. For what happens once: the ready line, the stop. */
    public void info(String message) {
        Log.current().write(LogLevel.INFO, this, message);
    }

    /**
     * Writes {@code ringside: warning: MESSAGE}, at most five times in a row for a subject and then
     * once in ten seconds; the next line written says how many were held back.
     */
    public void warn(String message) {
        Log.current().warn(this, message);
    }

    /** Writes {@code ringside: error: MESSAGE}. For what the operator has to mend. */
    public void error(String message) {
        Log.current().write(LogLevel.ERROR, this, message);
    }

    /**
     * Writes {@code ringside: error: MESSAGE: CAUSE} with the innermost frames, on one line. For
     * our own bugs, not for what a peer or the operator did.
     *
     * @param message what was being done
     * @param cause what broke it
     */
    public void error(String message, Throwable cause) {
        Log.current().error(this, message, cause);
    }
}
