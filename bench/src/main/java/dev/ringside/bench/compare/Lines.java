package dev.ringside.bench.compare;

import java.io.PrintStream;
import java.util.Locale;

/** Prints a line at a time, so that a run that is broken off has shown something. */
record Lines(PrintStream out) {
    /** One, as {@link String#format} makes it. */
    void line(final String format, final Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }
}
