package dev.ringside.server.log;

/**
 * The process's log on stderr: every line starts with {@code ringside: }. Any thread of the control
 * path may call it; it takes a lock and may wait for stderr, so shards must not.
 *
 * <p>With {@code RINGSIDE_DEBUG=1} in the environment {@link #error} adds the stack trace.
 */
public final class Log {
    private static final LineLog STDERR =
            new LineLog(System.err, System::nanoTime, System.getenv("RINGSIDE_DEBUG") != null);

    private Log() {}

    /**
     * Writes {@code ringside: MESSAGE}. For what happens once: the ready line, the stop.
     *
     * @param message one line; control characters in it become spaces
     */
    public static void info(String message) {
        STDERR.info(message);
    }

    /**
     * Writes {@code ringside: warning: MESSAGE}, at most five times in a row for a key and then
     * once in ten seconds; the next line written says how many were held back.
     *
     * @param key what to count by, for example {@code "disk0/protocol"}; never a text that the peer
     *     chooses
     * @param message one line; control characters in it become spaces
     */
    public static void warn(String key, String message) {
        STDERR.warn(key, message);
    }

    /**
     * Writes {@code ringside: error: MESSAGE: CAUSE} with the innermost frames, on one line. For
     * our own bugs, not for what a peer or the operator did.
     *
     * @param message what was being done
     * @param cause what broke it
     */
    public static void error(String message, Throwable cause) {
        STDERR.error(message, cause);
    }
}
