package dev.ringside.server.top;

import java.util.Locale;

/** Numbers in three or four characters and a unit. */
final class Amount {
    private static final String[] COUNTS = {"", " k", " M", " G"};
    private static final String[] BYTES = {" B", " KiB", " MiB", " GiB", " TiB"};
    private static final String[] TIMES = {" ns", " us", " ms", " s"};

    private Amount() {}

    static String count(double value) {
        return scaled(value, COUNTS, 1_000);
    }

    static String bytes(double value) {
        return scaled(value, BYTES, 1_024);
    }

    /** Nanoseconds; nothing for a negative number of them. */
    static String time(double ns) {
        return ns < 0 ? "" : scaled(ns, TIMES, 1_000);
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, share < 0.1 ? "%.1f %%" : "%.0f %%", 100 * share);
    }

    private static String scaled(double value, String[] units, int step) {
        double left = value;
        int unit = 0;
        while (left >= step && unit < units.length - 1) {
            left /= step;
            unit++;
        }
        boolean whole = unit == 0 && left == Math.rint(left);
        int digits = whole || left >= 100 ? 0 : left >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + digits + "f", left) + units[unit];
    }
}
