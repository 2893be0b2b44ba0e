package dev.ringside.server.options;

import java.util.Locale;

/** Numbers for people: three or four characters and a unit; a dash for what is not known. */
public final class Amount {
    private static final String UNKNOWN = "-";
    private static final String[] COUNTS = {"", " k", " M", " G"};
    private static final String[] BYTES = {" B", " KiB", " MiB", " GiB", " TiB"};
    private static final String[] TIMES = {" ns", " us", " ms", " s"};

    private Amount() {}

    /** Such as {@code 12.3 k}. */
    public static String count(double value) {
        return scaled(value, COUNTS, 1_000);
    }

    /** Such as {@code 1.50 MiB}. */
    public static String bytes(double value) {
        return scaled(value, BYTES, 1_024);
    }

    /** Nanoseconds; nothing for a negative number of them. */
    public static String time(double ns) {
        return ns < 0 ? "" : scaled(ns, TIMES, 1_000);
    }

    /** Whole nanoseconds. */
    public static String time(long ns) {
        return time((double) ns);
    }

    /** Such as {@code 12 %}. */
    public static String percent(double share) {
        return String.format(Locale.ROOT, share < 0.1 ? "%.1f %%" : "%.0f %%", 100 * share);
    }

    /** Such as {@code 1.06}. */
    public static String ratio(double value) {
        return Double.isFinite(value) ? text(value, digits(value)) : UNKNOWN;
    }

    private static String scaled(double value, String[] units, int step) {
        if (!Double.isFinite(value)) {
            return UNKNOWN;
        }
        double left = value;
        int unit = 0;
        while (left >= step && unit < units.length - 1) {
            left /= step;
            unit++;
        }
        boolean whole = unit == 0 && left == Math.rint(left);
        return text(left, whole ? 0 : digits(left)) + units[unit];
    }

    private static int digits(double value) {
        return value >= 100 ? 0 : value >= 10 ? 1 : 2;
    }

    private static String text(double value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
