package dev.ringside.server.log;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A log of single lines on one stream. Thread-safe; an instance of its own is for tests, the
 * process uses {@link Log}.
 */
final class LineLog {
    /** Lines that one key may write before it has to wait. */
    static final int BURST = 5;

    /** After the burst a key may write once in this time. */
    static final long REFILL_NS = 10_000_000_000L;

    /** Keys remembered; the one unused for longest is forgotten first. */
    static final int MAX_KEYS = 256;

    /** Longest message kept: a peer may choose parts of it. */
    static final int MAX_LENGTH = 2_000;

    private static final int FRAMES_SHOWN = 6;

    private final PrintStream out;
    private final LongSupplier clockNs;
    private final boolean stackTraces;
    private final Map<String, Bucket> buckets =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
                    return size() > MAX_KEYS;
                }
            };

    LineLog(PrintStream out, LongSupplier clockNs, boolean stackTraces) {
        this.out = out;
        this.clockNs = clockNs;
        this.stackTraces = stackTraces;
    }

    void info(String message) {
        line(message);
    }

    void warn(String key, String message) {
        long suppressed = admit(key);
        if (suppressed < 0) {
            return;
        }
        String more = suppressed == 0 ? "" : " (" + suppressed + " more like it not shown)";
        line("warning: " + message + more);
    }

    void error(String message, Throwable cause) {
        line("error: " + message + ": " + describe(cause));
        if (stackTraces) {
            synchronized (out) {
                cause.printStackTrace(out);
            }
        }
    }

    /** Returns how many lines of this key were held back since the last one, or -1: hold this. */
    private synchronized long admit(String key) {
        long nowNs = clockNs.getAsLong();
        Bucket bucket = buckets.computeIfAbsent(key, k -> new Bucket(nowNs));
        return bucket.admit(nowNs);
    }

    private void line(String text) {
        String line = "ringside: " + oneLine(text);
        // One call for text and line end: two threads' lines must not mix.
        synchronized (out) {
            out.println(line);
            out.flush();
        }
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

    /** Control characters become spaces, so that no message can look like two. */
    static String oneLine(String text) {
        String cut = text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH) + "...";
        for (int i = 0; i < cut.length(); i++) {
            if (Character.isISOControl(cut.charAt(i))) {
                return replaceControls(cut);
            }
        }
        return cut;
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
