package dev.ringside.server.log;

import java.io.PrintStream;
import java.time.Instant;

/**
 * The process's log on stderr. Any thread of the control path may write to it; it takes a lock and
 * may wait for stderr, so shards must not.
 *
 * <p>With {@code RINGSIDE_DEBUG=1} in the environment errors that are bugs have their stack trace.
 */
public final class Log {
    private static volatile LineLog current = on(System.err);

    private Log() {}

    private static LineLog on(PrintStream out) {
        return new LineLog(
                out, System::nanoTime, Instant::now, System.getenv("RINGSIDE_DEBUG") != null);
    }

    static LineLog current() {
        return current;
    }

    /** From now on everything goes to another stream, as text, from {@code info} on. */
    public static void writeTo(PrintStream out) {
        current = on(out);
    }

    /** From now on lines look like this. */
    public static void format(LogFormat format) {
        current.format(format);
    }

    /** From now on lines of this level and above are written. */
    public static void level(LogLevel least) {
        current.level(least);
    }

    /** The least level that is written. */
    public static LogLevel level() {
        return current.level();
    }

    /** Begins a line about something: {@code Log.about("ring").device("vm1").warn("...")}. */
    public static Subject about(String topic) {
        return new Subject(topic, null, Subject.NONE);
    }
}
