package dev.ringside.server.bench;

import java.util.Locale;

/** Numbers for people: three digits and a unit. */
final class Amounts {
    private static final double KILO = 1000;
    private static final double KIBI = 1024;

    private Amounts() {}

    /** Such as {@code 1.25 M}; a dash when it is not known. */
    static String count(double value) {
        return scaled(value, KILO, "", " k", " M", " G");
    }

    /** Such as {@code 1.25 GiB}. */
    static String bytes(double value) {
        return scaled(value, KIBI, " B", " KiB", " MiB", " GiB", " TiB");
    }

    /** Such as {@code 12.5 us}. */
    static String time(double ns) {
        return scaled(ns, KILO, " ns", " us", " ms", " s");
    }

    /** The same, of whole nanoseconds. */
    static String time(long ns) {
        return time((double) ns);
    }

    /** Such as {@code 1.25}. */
    static String ratio(double value) {
        return Double.isFinite(value) ? format(value) : "-";
    }

    private static String scaled(double value, double step, String... units) {
        if (!Double.isFinite(value)) {
            return "-";
        }
        double rest = value;
        int unit = 0;
        while (rest >= step && unit < units.length - 1) {
            rest /= step;
            unit++;
        }
        return format(rest) + units[unit];
    }

    private static String format(double value) {
        int places = value >= 100 || value == 0 ? 0 : value >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + places + "f", value);
    }
}
