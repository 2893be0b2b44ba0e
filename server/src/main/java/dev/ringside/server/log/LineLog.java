package dev.ringside.server.log;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A log of single lines on one stream. Thread-safe; an instance of its own is for tests, the
 * process uses {@link Log}.
 */
final class LineLog {
    /** Lines that one subject may write before it has to wait. */
    static final int BURST = 5;

    /** After the burst a subject may write once in this time. */
    static final long REFILL_NS = 10_000_000_000L;

    /** Subjects remembered; the one unused for longest is forgotten first. */
    static final int MAX_SUBJECTS = 256;

    /** Longest message kept: a peer may choose parts of it. */
    static final int MAX_LENGTH = 2_000;

    private static final int FRAMES_SHOWN = 6;

    private final PrintStream out;
    private final LongSupplier clockNs;
    private final Supplier<Instant> wallClock;
    private final boolean stackTraces;
    private volatile LogFormat format = LogFormat.TEXT;
    private volatile LogLevel least = LogLevel.INFO;
    private final Map<Subject, Bucket> buckets =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Subject, Bucket> eldest) {
                    return size() > MAX_SUBJECTS;
                }
            };

    LineLog(
            PrintStream out,
            LongSupplier clockNs,
            Supplier<Instant> wallClock,
            boolean stackTraces) {
        this.out = out;
        this.clockNs = clockNs;
        this.wallClock = wallClock;
        this.stackTraces = stackTraces;
    }

    void format(LogFormat wanted) {
        format = wanted;
    }

    void level(LogLevel wanted) {
        least = wanted;
    }

    LogLevel level() {
        return least;
    }

    void write(LogLevel level, Subject subject, String message) {
        line(level, subject, clean(message), 0, "");
    }

    void warn(Subject subject, String message) {
        if (!shows(LogLevel.WARNING)) {
            return;
        }
        long suppressed = admit(subject);
        if (suppressed >= 0) {
            line(LogLevel.WARNING, subject, oneLine(message), suppressed, "");
        }
    }

    void error(Subject subject, String message, Throwable cause) {
        line(
                LogLevel.ERROR,
                subject,
                oneLine(message + ": " + describe(cause)),
                0,
                stackTraces ? stackTrace(cause) : "");
    }

    private boolean shows(LogLevel level) {
        return level.compareTo(least) >= 0;
    }

    /** How many lines of this subject were held back since the last one, or -1: hold this. */
    private synchronized long admit(Subject subject) {
        long nowNs = clockNs.getAsLong();
        Bucket bucket = buckets.computeIfAbsent(subject, k -> new Bucket(nowNs));
        return bucket.admit(nowNs);
    }

    private void line(
            LogLevel level, Subject subject, String message, long notShown, String stackTrace) {
        if (!shows(level)) {
            return;
        }
        var line =
                new LogLine(
                        wallClock.get().truncatedTo(ChronoUnit.MILLIS),
                        level,
                        subject,
                        message,
                        notShown,
                        stackTrace);
        String text = format == LogFormat.JSON ? JsonLine.of(line) : line.text();
        // One call for text and line end: two threads' lines must not mix.
        synchronized (out) {
            out.println(text);
            out.flush();
        }
    }

    private static String stackTrace(Throwable cause) {
        var text = new StringWriter();
        cause.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    /** The exception and where it came from, on one line: enough for a report of our bug. */
    private static String describe(Throwable cause) {
        var text = new StringBuilder(String.valueOf(cause));
        String separator = " [at ";
        StackTraceElement[] frames = cause.getStackTrace();
        for (int i = 0; i < Math.min(FRAMES_SHOWN, frames.length); i++) {
            StackTraceElement frame = frames[i];
            String type = frame.getClassName();
            text.append(separator)
                    .append(type.substring(type.lastIndexOf('.') + 1))
                    .append('.')
                    .append(frame.getMethodName())
                    .append(':')
                    .append(frame.getLineNumber());
            separator = " < ";
        }
        if (frames.length > 0) {
            text.append(']');
        }
        Throwable inner = cause.getCause();
        if (inner != null && inner != cause) {
            text.append(" caused by ").append(inner);
        }
        return text.toString();
    }

    /** One line, and not too long: a peer may have chosen parts of it. */
    static String oneLine(String text) {
        return clean(text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH) + "...");
    }

    /** Control characters become spaces, so that no message can look like two. */
    private static String clean(String text) {
        return text.chars().noneMatch(Character::isISOControl) ? text : replaceControls(text);
    }

    private static String replaceControls(String text) {
        var clean = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            clean.append(Character.isISOControl(c) ? ' ' : c);
        }
        return clean.toString();
    }

    /** A token bucket: BURST at once, then one in REFILL_NS. */
    private static final class Bucket {
        private int tokens = BURST;
        private long refilledNs;
        private long suppressed;

        Bucket(long nowNs) {
            refilledNs = nowNs;
        }

        long admit(long nowNs) {
            long earned = (nowNs - refilledNs) / REFILL_NS;
            if (earned > 0) {
                tokens = (int) Math.min(BURST, tokens + earned);
                refilledNs += earned * REFILL_NS;
            }
            if (tokens == 0) {
                suppressed++;
                return -1;
            }
            tokens--;
            long held = suppressed;
            suppressed = 0;
            return held;
        }
    }
}
